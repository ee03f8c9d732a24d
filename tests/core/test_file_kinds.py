"""Text, JSON and YAML files and their hashes: equal content gives equal bytes, and the rest one line."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from acdepth.core.errors import UserError
from acdepth.core.files import (
    check_folder,
    hash_file,
    hash_json,
    read_array,
    read_json,
    read_yaml,
    write_bytes,
    write_json,
    write_text,
)


def test_json_is_sorted_indented_and_the_same_on_every_system(tmp_path: Path):
    path = tmp_path / "new" / "a.json"
    write_json(path, {"b": 1, "a": [True, "ä"]})
    assert path.read_bytes() == b'{\n "a": [\n  true,\n  "\\u00e4"\n ],\n "b": 1\n}\n'
    write_json(path, {"b": 1, "a": 2}, sort=False)
    assert path.read_bytes() == b'{\n "b": 1,\n "a": 2\n}\n'
    assert read_json(path) == {"a": 2, "b": 1}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"a": float("nan")})
    assert read_json(path) == {"a": 2, "b": 1}


def test_what_is_there_already_is_left_alone(tmp_path: Path):
    path = tmp_path / "a.txt"
    write_text(path, "ä\n")
    assert path.read_bytes() == b"\xc3\xa4\n"
    os.utime(path, (5, 5))
    write_text(path, "ä\n")
    assert path.stat().st_mtime == 5
    write_bytes(path, b"other")
    assert path.read_bytes() == b"other" and path.stat().st_mtime > 5
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]


def test_hashes_are_sha256_of_content(tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(b"content" * 1000)
    assert hash_file(path) == hashlib.sha256(b"content" * 1000).hexdigest()
    assert hash_json({"b": [1, None], "a": "ä"}) == hash_json({"a": "ä", "b": [1, None]})
    assert hash_json({"a": 1}) == hashlib.sha256(b'{"a": 1}').hexdigest()
    with pytest.raises(UserError, match=r"cannot be read \(No such file or directory\)"):
        hash_file(tmp_path / "none")


@pytest.mark.parametrize(
    ("read", "bad", "told"),
    [
        (read_json, b"{", r"not readable as JSON \(.*copy or make it again"),
        (read_json, b"\xff", r"not readable as text \(.*no UTF-8"),
        (read_yaml, b"a: [", r"not readable as YAML \(.*write lines of key: value"),
        (read_yaml, b"\xff\xfe\xff", "is text in UTF-16; save it as UTF-8"),
    ],
)
def test_other_content_is_refused_in_one_line(tmp_path: Path, read, bad, told):
    path = tmp_path / "file"
    with pytest.raises(UserError, match="no such file"):
        read(path)
    path.write_bytes(bad)
    with pytest.raises(UserError, match=told) as refused:
        read(path)
    assert str(path) in str(refused.value) and "\n" not in str(refused.value)


def test_yaml_may_begin_with_a_byte_order_mark_and_a_missing_one_has_a_remedy(tmp_path: Path):
    path = tmp_path / "a.yaml"
    with pytest.raises(UserError, match="no such file; write one"):
        read_yaml(path, "write one")
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_yaml(path) == {"a": 1}


def test_a_folder_that_is_written_to_needs_one_above_it_that_may_be(tmp_path: Path, monkeypatch):
    (tmp_path / "file").write_text("")
    check_folder(tmp_path, "--out")
    check_folder(tmp_path / "new" / "inner", "--out")
    assert not (tmp_path / "new").exists()
    with pytest.raises(UserError, match=r"file: is a file; --out needs a folder there"):
        check_folder(tmp_path / "file" / "inner", "--out")
    monkeypatch.chdir(tmp_path)
    check_folder(Path("new"), "--out")
    asked = []
    monkeypatch.setattr(os, "access", lambda path, mode: asked.append((path, mode)))
    with pytest.raises(UserError, match="cannot be written to; give another --out, or change who may write"):
        check_folder(tmp_path / "new", "--out")
    assert asked == [(tmp_path, os.W_OK | os.X_OK)]


def test_an_array_is_mapped_and_may_not_be_written(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3))
    found = read_array(tmp_path / "a.npy")
    assert isinstance(found, np.memmap) and found.tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 7

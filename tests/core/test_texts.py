"""Texts from strangers: the same content whoever saved it, and no more than a person would write."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acdepth.core.config import Config
from acdepth.core.errors import UserError, shown
from acdepth.core.files import read_array, read_json, read_object, read_yaml
from acdepth.core.texts import as_cell, as_text, from_cell, parse_json, parse_yaml, read_text


class Settings(Config):
    """Of these tests."""

    name: str = ""
    """Any."""
    rate: float = 1.0
    """Any."""
    names: dict[str, str] = {}  # noqa: RUF012
    """Any."""


@pytest.mark.parametrize("coded", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path, coded: str, end: str) -> None:
    (tmp_path / "a").write_bytes(f"é: 1{end}b: 2{end}".encode(coded))
    assert read_text(tmp_path / "a") == "é: 1\nb: 2\n"


@pytest.mark.parametrize("coded", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_called_by_its_name(coded: str) -> None:
    with pytest.raises(UserError, match=r"^a: is text in UTF-16; save it as UTF-8$"):
        as_text("fx: 500\nfy: 500\n".encode(coded), "a")


def test_another_coding_names_the_byte() -> None:
    with pytest.raises(UserError, match=r"byte 1 is 0xe9, which is no UTF-8\); save it as UTF-8"):
        as_text("dépth".encode("latin-1"), "a")


def laughs(levels: int = 12) -> str:
    """A kilobyte that means 9^levels values."""
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join([*lines, f"name: *a{levels - 1}"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (laughs(), "more than 100000 values"),
        ("a: &a {<<: *a}", "an alias of what it stands in"),
        ("a: &a [*a]", "an alias of what it stands in"),
        ("[" * 5000, "nested deeper than 64"),
        ("- " * 5000 + "1", "nested deeper than 64"),
        ("a: " + "9" * 5000, "a whole number of 5000 digits"),
        ("a: 0x" + "f" * 30, "a whole number of 32 digits"),
        ("a: !!binary AAAA", "binary"),
        ("a: !!python/object/apply:os.system [echo]", "could not determine a constructor"),
        ("? [1, 2]\n: 3", "unhashable key"),
        ("name: a\nrate: 1\nname: b", "name stands twice in line 3"),
        ("a: \x00", "not allowed"),
        ("x: " + "y" * (1 << 18), "usual are some hundred"),
    ],
)
def test_yaml_that_nobody_writes_is_one_short_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(UserError, match=says) as caught:
        Settings.read(tmp_path / "a.yaml")
    assert len(str(caught.value)) < 400 and "\n" not in str(caught.value)


def test_merging_what_is_merged_ends_too() -> None:
    lines = ["a0: &a0 {k: v}"]
    lines += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    with pytest.raises(ValueError, match="more than 100000 values"):
        parse_yaml("\n".join(lines))


def test_what_is_merged_may_be_said_again() -> None:
    assert parse_yaml("a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}")["d"] == {"b": 3, "c": 2}


def test_a_date_is_the_text_that_it_was_written_as(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: 2026-05-01\nrate: 2.0\n")
    assert Settings.read(tmp_path / "a.yaml") == Settings(name="2026-05-01", rate=2.0)


@pytest.mark.parametrize("value", [".inf", "-.inf", ".nan", "1e999"])
def test_what_is_not_finite_is_no_setting(tmp_path: Path, value: str) -> None:
    (tmp_path / "a.yaml").write_text(f"rate: {value}\n")
    with pytest.raises(UserError, match="rate = "):
        Settings.read(tmp_path / "a.yaml")


def test_a_value_that_is_quoted_is_cut_short(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(f"rate: {'x' * 100_000}\n")
    with pytest.raises(UserError, match="rate = 'xxx") as caught:
        Settings.read(tmp_path / "a.yaml")
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 3000, "1" + "0" * 5000, "[1" + "0" * 30 + "]"])
def test_json_that_nobody_writes_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UserError, match="not readable as JSON"):
        read_json(tmp_path / "a.json")


def test_json_that_is_no_object_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(UserError, match="holds list, expected keys and values"):
        read_object(tmp_path / "a.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text() | st.integers(-(2**63), 2**63),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=50, deadline=None)
@given(JSON)
def test_json_comes_back(value: object) -> None:
    assert parse_json(json.dumps(value)) == value


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(["name", "rate", "names", "x"]), JSON))
def test_settings_are_taken_or_refused_in_one_line(values: dict[str, object]) -> None:
    try:
        Settings.from_dict(values, "a")
    except UserError as error:
        assert "\n" not in str(error) and len(str(error)) < 2000


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet=":-[]{}&*!|>'\"%@`#,? \n\tab01", max_size=60))
def test_any_yaml_is_values_or_one_line(text: str) -> None:
    try:
        parse_yaml(text)
    except ValueError as error:
        assert str(error)


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="'=+-@\tab", max_size=6))
def test_a_cell_comes_back_and_is_no_formula(text: str) -> None:
    cell = as_cell(text)
    assert from_cell(cell) == text and cell[:1] not in tuple("=+-@\t")


def test_names_are_shown_and_never_acted_on() -> None:
    assert shown("a\x1b[31mb\r\n\x9b\u202e") == "a\\x1b[31mb\\x0d\\x0a\\x9b\\u202e"
    assert shown("caf\udce9 夜 é") == "caf\\xe9 夜 é"
    error = UserError(Path("a\nb/c\udce9"), "has\n two\tlines", "x\x07")
    assert str(error) == "a\\x0ab/c\\xe9: has two lines; x\\x07"


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04" + bytes(60), b"\x93NUMPY\x01\x00\x10\x00{'a': ((((((", b"x" * 200]
)
def test_what_is_no_array_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.npy: not readable as a NumPy array"):
        read_array(tmp_path / "a.npy")


def test_an_array_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return (tmp_path / "done").touch, ()

    np.save(tmp_path / "a.npy", np.array([Evil()], object), allow_pickle=True)
    with pytest.raises(UserError, match="not readable as a NumPy array"):
        read_array(tmp_path / "a.npy")
    assert not (tmp_path / "done").exists()


def test_an_array_that_claims_more_than_is_there_asks_for_nothing(tmp_path: Path) -> None:
    stream = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**6, 10**6)}
    np.lib.format.write_array_header_1_0(stream, header)
    (tmp_path / "a.npy").write_bytes(stream.getvalue() + bytes(16))
    with pytest.raises(UserError, match="not readable as a NumPy array"):
        read_array(tmp_path / "a.npy")


def test_yaml_of_a_folder_or_a_circle_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "circle.yaml").symlink_to("circle.yaml")
    for path in (tmp_path, tmp_path / "circle.yaml"):
        with pytest.raises(UserError, match="not readable as YAML"):
            read_yaml(path)


class Outer(Config):
    """Of these tests."""

    inner: Settings = Settings()
    """Any."""


@pytest.mark.parametrize("key", ["null", "1", "1.5", "true"])
def test_a_key_that_is_no_name_is_unknown(tmp_path: Path, key: str) -> None:
    (tmp_path / "a.yaml").write_text(f"inner: {{{key}: x}}\n")
    with pytest.raises(UserError, match=r"unknown key inner\."):
        Outer.read(tmp_path / "a.yaml")

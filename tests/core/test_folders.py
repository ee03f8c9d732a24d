"""Folders that are whole or not there."""

import os
from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.core.files import atomic_folder, write_text


def write(folder: Path, content: str) -> None:
    with atomic_folder(folder) as fresh:
        (fresh / "inner").mkdir()
        (fresh / "inner" / "file.txt").write_text(content)


def content(folder: Path) -> str:
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "nothing else is left behind"
    assert [path.name for path in folder.rglob("*")] == ["inner", "file.txt"]
    return (folder / "inner" / "file.txt").read_text()


def test_a_folder_appears_and_is_replaced_whole(tmp_path):
    folder = tmp_path / "runs" / "adapters"
    write(folder, "first")
    assert content(folder) == "first"
    write(folder, "second")
    assert content(folder) == "second"


def test_an_error_leaves_what_was_there(tmp_path):
    folder = tmp_path / "adapters"
    write(folder, "first")
    with pytest.raises(KeyError), atomic_folder(folder) as fresh:
        (fresh / "half.txt").write_text("half")
        raise KeyError
    assert content(folder) == "first"


def test_a_rename_that_fails_brings_back_what_was_there(tmp_path, monkeypatch):
    folder = tmp_path / "adapters"
    write(folder, "first")
    rename = Path.replace

    def replace(path: Path, target: Path) -> Path:
        if path.name.endswith(".partial"):
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(UserError, match=r"adapters: cannot write \(No space left on device"):
        write(folder, "second")
    monkeypatch.undo()
    assert content(folder) == "first"


def test_what_a_killed_process_of_the_same_number_left_is_no_obstacle(tmp_path):
    folder = tmp_path / "adapters"
    write(folder, "first")
    for kind in ("partial", "former"):
        left = tmp_path / f".adapters.{os.getpid()}.{kind}"
        left.mkdir()
        (left / "old.txt").write_text("old")
    write(folder, "second")
    assert content(folder) == "second"


def test_a_file_that_holds_the_same_already_is_left_alone(tmp_path):
    file = tmp_path / "table.md"
    write_text(file, "first")
    os.utime(file, ns=(1, 1))
    write_text(file, "first")
    assert file.stat().st_mtime_ns == 1
    write_text(file, "second")
    assert file.stat().st_mtime_ns > 1 and file.read_text() == "second"

"""Folders that are whole or not there."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.core.files import _flush_names, atomic_folder, atomic_set, write_text


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


@pytest.mark.parametrize("kind", ["folder", "set"])
def test_a_folder_that_is_removed_while_it_is_filled_is_not_taken_for_whole(tmp_path, kind):
    folder = tmp_path / "town"
    write(folder, "first")
    filled = atomic_folder(folder) if kind == "folder" else atomic_set(folder, ["inner/*"])
    with pytest.raises(UserError, match="town: was removed while it was written"), filled as fresh:
        (fresh / "image.png").write_text("")
        shutil.rmtree(fresh)
        write_text(fresh / "last.yaml", "which makes the folder anew")
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
    said = r"adapters: cannot write \(No space left on device\); free some space or choose another folder$"
    with pytest.raises(UserError, match=said):
        write(folder, "second")
    monkeypatch.undo()
    assert content(folder) == "first"


def test_only_a_full_disk_asks_for_space(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write \(File exists\); choose another folder$"):
        write_text(tmp_path / "file" / "a.txt", "a")


def test_many_threads_write_one_file_and_it_is_one_of_theirs(tmp_path):
    file, texts = tmp_path / "state.bin", [str(number) * 100_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: write_text(file, text), texts * 4))
    assert file.read_text() in texts and list(tmp_path.iterdir()) == [file]


def test_a_name_may_be_as_long_as_the_system_takes(tmp_path):
    file = tmp_path / ("n" * 250 + ".json")
    write_text(file, "{}")
    assert file.read_text() == "{}"


def test_files_are_flushed_by_a_handle_that_may_write_and_so_are_names_in_folders(tmp_path, monkeypatch):
    flushed: list[tuple[str, int]] = []

    def flush(number: int) -> None:
        flags = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE
        flushed.append((str(Path(f"/proc/self/fd/{number}").readlink()), flags))

    fcntl = pytest.importorskip("fcntl")
    if not Path("/proc/self/fd").exists():
        pytest.skip("asks the system which files are open")
    monkeypatch.setattr(os, "fsync", flush)
    write_text(tmp_path / "new" / "file.txt", "text")
    parent, (written, flags), folder = flushed
    assert parent[0] == str(tmp_path) and folder[0] == str(tmp_path / "new")
    assert ".partial" in written and flags == os.O_RDWR


def test_a_file_that_holds_the_same_already_is_left_alone(tmp_path):
    file = tmp_path / "table.md"
    write_text(file, "first")
    os.utime(file, ns=(1, 1))
    write_text(file, "first")
    assert file.stat().st_mtime_ns == 1
    write_text(file, "second")
    assert file.stat().st_mtime_ns > 1 and file.read_text() == "second"


def test_names_that_cannot_be_flushed_are_not_missed(tmp_path, monkeypatch):
    def refuse(*arguments: object) -> int:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "open", refuse)
    (tmp_path / "there").mkdir()
    _flush_names(tmp_path / "there")

"""A folder has one writer, by whatever path it is named, and what others left half made goes."""

import os
import shutil
import time
from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.core.files import LONG_DEAD, atomic_path, remove_half_made
from acdepth.core.lock import sole_writer


@pytest.mark.parametrize("name", ["run", "v1.0", "my run.d"])
def test_another_name_of_the_folder_is_the_same_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (tmp_path / "latest").symlink_to(folder)
    monkeypatch.chdir(folder)
    with sole_writer(folder):
        for other in (Path(), tmp_path / "latest", folder / ".." / name):
            with (
                pytest.raises(UserError, match="another acdepth process is writing there"),
                sole_writer(other),
            ):
                pass
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".lock"] == []


def test_a_file_is_locked_beside_it(tmp_path: Path) -> None:
    with sole_writer(tmp_path / "votes.csv", is_file=True):
        assert (tmp_path / "votes.csv.lock").exists()


def left_by_a_kill(folder: Path) -> Path:
    """A file that a process was writing there when it was killed."""
    with pytest.raises(KeyboardInterrupt), atomic_path(folder / "image.png") as path:
        path.write_bytes(b"half")
        kept = path.with_suffix(".kept").write_bytes(b"half")
        raise KeyboardInterrupt
    path.with_suffix(".kept").rename(path)
    assert path.exists() and kept
    return path


def test_what_a_kill_left_goes_with_the_next_lock_but_not_below_the_lock_of_another(tmp_path: Path) -> None:
    mine, theirs = left_by_a_kill(tmp_path / "run" / "deep"), left_by_a_kill(tmp_path / "run" / "cell")
    earlier = tmp_path / "run" / ".frames.4711.partial"
    (earlier / "inner").mkdir(parents=True)
    ordinary = tmp_path / "run" / "notes.partial.txt"
    ordinary.touch()
    with sole_writer(theirs.parent):
        theirs.touch()
        with sole_writer(tmp_path / "run"):
            pass
        assert theirs.exists() and ordinary.exists() and not mine.exists() and not earlier.exists()
    with sole_writer(tmp_path / "run"):
        assert not theirs.exists()


def test_without_a_lock_only_what_nobody_can_be_writing_goes(tmp_path: Path) -> None:
    fresh, old = left_by_a_kill(tmp_path / "a"), left_by_a_kill(tmp_path / "b")
    long_ago = time.time() - LONG_DEAD - 60
    os.utime(old, (long_ago, long_ago))
    remove_half_made(tmp_path, LONG_DEAD)
    assert fresh.exists() and not old.exists()


@pytest.mark.parametrize("made_again", [False, True])
def test_a_folder_that_was_removed_meanwhile_is_told(tmp_path: Path, made_again: bool) -> None:
    folder = tmp_path / "run"
    with pytest.raises(UserError, match="run: was removed while it was written"), sole_writer(folder):
        shutil.rmtree(folder)
        if made_again:
            folder.mkdir()
            (folder / ".lock").touch()

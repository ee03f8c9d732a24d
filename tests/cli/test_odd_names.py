"""Folders and files that people call what they like: read all the same, or refused in one line."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from acdepth.core.errors import UNSEEN
from tests.commands import call
from tests.data.folders import picture, write_drive
from tests.inference.tiny import tiny_checkpoint

NAMES = {
    "spaces": "my drive  2 ",
    "unicode": "dépth 夜 🚗",
    "a line's end": "a\nb",
    "an escape sequence": "a\x1b[31mb\x07",
    "a file's suffix": "x.png",
    "a video's suffix": "x.MP4",
    "a bag's suffix": "x.bag",
    "a checkpoint's suffix": "x.safetensors",
    "patterns": "[!a]*?{b}",
    "a flag": "--out",
    "markup": "<img src=x onerror=alert(1)>",
    "length": "n" * 200,
}
BYTES = os.fsdecode(b"caf\xe9")
"""A name that is no UTF-8."""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable:
    monkeypatch.chdir(tmp_path)
    tiny_checkpoint(tmp_path / "weights.safetensors")

    def run_it(*arguments: object) -> tuple[int, str]:
        code = call(monkeypatch, *arguments)
        said = capsys.readouterr()
        told = said.out + said.err
        told.encode()  # a terminal could not show it else
        assert not [line for line in told.splitlines() if UNSEEN.search(line)]
        return code, told

    return run_it


def verbs(data: Path, name: str) -> list[tuple[object, ...]]:
    weights = ("--weights", Path("weights.safetensors").absolute())
    return [
        ("predict", data, *weights, "--device", "cpu", "--out", Path("predicted") / name),
        ("data", "check", "folder", "--root", data, "--out", Path("checked") / name),
        ("evaluate", data, *weights, "--device", "cpu", "--no-examples", "--out", Path("measured") / name),
        ("translate", data, Path("translated") / name, "--depth", "measured", "--conditions", "night"),
    ]


@pytest.mark.parametrize("kind", ["spaces", "an escape sequence"])
def test_a_drive_may_be_called_anything(run: Callable, tmp_path: Path, kind: str) -> None:
    _every_verb(run, tmp_path, NAMES[kind])


@pytest.mark.slow
@pytest.mark.parametrize("kind", NAMES)
def test_a_drive_may_be_called_anything_else(run: Callable, tmp_path: Path, kind: str) -> None:
    _every_verb(run, tmp_path, NAMES[kind])


def _every_verb(run: Callable, tmp_path: Path, name: str) -> None:
    data = write_drive(tmp_path / "data" / name, 3, depth=True)
    for arguments in verbs(data, name):
        code, told = run(*arguments)
        assert code == 0, (arguments[:2], told)
    code, told = run("fit", data, "--out", Path("fitted") / name, "--dry-run")
    assert code == 2 and "40 are needed" in told
    (one,) = (tmp_path / "translated" / name / "night" / name / "images").glob("000000.*")
    assert one.is_file()


def test_a_name_that_is_no_utf_8_is_predicted_and_else_refused(run: Callable, tmp_path: Path) -> None:
    data = write_drive(tmp_path / "data", 3, depth=True).rename(tmp_path / BYTES)
    predict, *others = verbs(data, "out")
    assert run(*predict)[0] == 0
    for arguments in others:
        code, told = run(*arguments)
        assert code == 2 and "caf\\xe9" in told and "a name that is no UTF-8; rename it" in told
    data = data.rename(tmp_path / "data")
    (data / "images" / "000002.png").rename(data / "images" / f"{BYTES}2.png")
    for arguments in verbs(data, "out")[1:]:
        code, told = run(*arguments)
        assert code == 2 and "a name that is no UTF-8; rename it" in told


def test_a_tree_that_links_to_itself_ends(run: Callable, tmp_path: Path) -> None:
    write_drive(tmp_path / "data" / "a", 3, depth=True)
    (tmp_path / "data" / "again").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "circle").symlink_to("circle")
    (tmp_path / "data" / "circle.bag").symlink_to("circle.bag")
    (tmp_path / "circle.mp4").symlink_to("circle.mp4")
    code, told = run("data", "check", "folder", "--root", tmp_path / "data", "--out", "checked")
    assert code == 0 and "no faults" in told
    code, told = run("predict", tmp_path / "circle.mp4", "--weights", "weights.safetensors")
    assert code == 2 and told.count("\n") == 1


@pytest.mark.parametrize("name", ["x.png", "x.mp4", "x.bag", "x.mcap", "x.yaml"])
def test_a_folder_within_that_is_called_like_a_file_is_none(run: Callable, tmp_path: Path, name: str) -> None:
    data = write_drive(tmp_path / "data", 3, depth=True)
    (data / "images" / name).mkdir()
    (data / name).mkdir()
    (tmp_path / "data" / "camera.yml").unlink(missing_ok=True)
    for arguments in verbs(data, "out")[1:2]:
        code, told = run(*arguments)
        assert code == 0, told


def test_suffixes_may_be_written_large(run: Callable, tmp_path: Path) -> None:
    data = write_drive(tmp_path / "data", 3, depth=True)
    for number in range(3):
        (data / "images" / f"{number:06d}.png").unlink()
        cv2.imwrite(str(tmp_path / "a.jpg"), picture(number))
        (tmp_path / "a.jpg").rename(data / "images" / f"{number:06d}.JPG")
    for arguments in verbs(data, "out")[1:]:
        assert run(*arguments)[0] == 0

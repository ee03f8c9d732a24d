"""Commands in README and docs/ are understood by the command line, and run on tiny data or say why not."""

import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from acdepth.cli.flags import flag_names, parse
from acdepth.cli.main import VERBS
from acdepth.core.camera import Camera
from tests.commands import call
from tests.docs.pages import NAMES, ROOT, blocks, commands
from tests.inference.tiny import CAMERA, picture, tiny_checkpoint

PLACEHOLDERS = {"...": "one=runs/teacher", "[--alignment": "--alignment", "median]": "median"}

RUN = (
    "doctor",
    "predict street.jpg drive.mp4 --out depth",
    "predict images/ --weights runs/demo/student/model.safetensors --camera camera.yaml --to ply --out depth",
    "calibrate runs/student --image street.png --point 412 310 8.4 --point 120 290 15 "
    "--out calibrated.safetensors",
    "predict drive.mp4 --weights calibrated.safetensors",
    "data check folder --root DATA --out check",
    "evaluate DATA --weights teacher=runs/teacher student=runs/student --protocol own --out evaluation",
    "report evaluation",
    "rerun evaluation --out again",
    "evaluate DATA --weights student=runs/student --keep-predictions --out first",
    "evaluate DATA --predictions student=first/predictions/student --protocol world-80m --out second",
    "evaluate DATA --predictions other=FOLDER --out theirs",
)
"""In this order, in a folder with tiny files of the names that the pages use."""

NOT_RUN = {
    "train": "trainings; at tiny size in the tests of their stage",
    "pretrain": "trainings; tests/pretrain",
    "fit": "a pipeline of trainings; tests/recipes",
    "reproduce": "a pipeline of trainings; tests/recipes",
    "ablate": "a pipeline of trainings; tests/recipes",
    "translate": "needs a teacher and its footage, or a diffusion model; tests/translator",
    "world": "renders for minutes; tests/world",
    "serve": "does not end; tests/serve",
    "rate": "waits for people; tests/rating",
    "check": "needs video with motion; tests/evaluation/unlabelled",
    "completion": "prints a script; tests/cli/test_completion.py",
    "export": "minutes; tests/inference",
    "replay": "needs a training that broke; tests/engine",
    "view": "opens a browser; tests/viewer",
    "data": "needs a data set; tests/checking, tests/data",
    "evaluate": "the same verb with other footage, and measures of minutes; tests/evaluation",
    "predict": "the same verb with other files or weights; tests/cli, tests/prediction",
}
"""By a command's first word: why not all of them are run here. None may be superfluous."""

PICTURES = ["street_colour.png", "street_depth.png"]
COMMANDS = [(name, words) for name in NAMES for words in commands(name)]


@cache
def flags_of(verb: str) -> list[str]:
    return flag_names(VERBS[verb].load())


def find_verb(words: list[str]) -> str:
    names = [" ".join(words[:count]) for count in (2, 1)]
    return next(name for name in names if name in VERBS)


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 100 and len({name for name, _ in COMMANDS}) > 20


@pytest.mark.parametrize("name", sorted({name for name, _ in COMMANDS}))
def test_commands_are_understood(name: str) -> None:
    for words in commands(name):
        verb = find_verb(words)
        values = [PLACEHOLDERS.get(word, word.replace("$seed", "0")) for word in words[len(verb.split()) :]]
        parse(VERBS[verb].load(), verb, values)


@pytest.mark.parametrize("name", NAMES)
def test_verbs_and_flags_in_the_text_exist(name: str) -> None:
    spans = re.findall(r"(?<!`)`acdepth ([^`\n]+)`(?!`)", (ROOT / name).read_text(encoding="utf-8"))
    for span in spans:
        words = span.split()
        if words[0] in ("--help", "--version", "VERB"):
            continue
        group = [verb for verb in VERBS if verb.split()[0] == words[0]]
        assert group, span
        flags = [flag for verb in group for flag in flags_of(verb)]
        for word in words:
            assert not re.match(r"--[a-z]", word) or word.strip(".,;)") in [*flags, "--help"], span


def test_each_command_runs_here_or_says_why_not() -> None:
    told = {" ".join(words) for _, words in COMMANDS} | {"doctor"}
    assert set(RUN) <= told
    assert {command.split()[0] for command in told - set(RUN)} == set(NOT_RUN)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Files by the names that the pages use."""
    folder = tmp_path_factory.mktemp("pages")
    street = picture(360, 640)
    for name in ("street.jpg", "street.png", "images/a.jpg"):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(street).save(folder / name)
    writer = cv2.VideoWriter(str(folder / "drive.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 10, (160, 90))
    for seed in range(2):
        writer.write(picture(90, 160, seed)[..., ::-1].copy())
    writer.release()
    tiny_checkpoint(folder / "runs/demo/student/model.safetensors")
    for stage in ("teacher", "student"):
        shutil.copytree(folder / "runs/demo/student", folder / "runs" / stage)
    write_camera(folder / "camera.yaml", CAMERA.resized(360, 640))
    for drive in ("one", "two"):
        write_drive(folder / "DATA" / drive)
    for drive in ("one", "two"):
        write_depth(folder / "FOLDER" / drive / "images", 8)
    yield folder


def write_drive(drive: Path) -> None:
    (drive / "images").mkdir(parents=True)
    write_camera(drive / "camera.yaml", CAMERA)
    for number in range(2):
        Image.fromarray(picture(seed=number)).save(drive / f"images/{number:06d}.png")
    write_depth(drive / "depth", 10)


def write_camera(path: Path, camera: Camera) -> None:
    path.write_text("".join(f"{key}: {value}\n" for key, value in camera.to_dict().items()))


def write_depth(folder: Path, metres: int) -> None:
    folder.mkdir(parents=True)
    for number in range(2):
        Image.fromarray(np.full((64, 96), 256 * metres, np.uint16)).save(folder / f"{number:06d}.png")


@pytest.mark.slow
def test_they_run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder)
    for command in RUN:
        assert call(monkeypatch, *command.split()) == 0, command + "\n" + capsys.readouterr().err
    assert sorted(path.name for path in (folder / "depth").glob("street*")) == PICTURES


@pytest.mark.parametrize("name", ["README.md", "docs/index.md"])
def test_python_in_the_first_pages_runs(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    texts = [block.text for block in blocks(name) if block.language == "python"]
    assert texts
    for text in texts:
        found: dict[str, object] = {}
        exec(text, found)
        assert found["prediction"].depth.shape == (360, 640)  # type: ignore[attr-defined]

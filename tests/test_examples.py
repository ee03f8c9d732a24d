"""The programs in ``examples`` run as they stand; one that no test names is missed."""

import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from acdepth.core.images import read_depth_png16
from acdepth.data.own.video import whole_video
from tests.inference.tiny import picture

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(monkeypatch: pytest.MonkeyPatch, name: str, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")


@pytest.fixture
def street(tmp_path: Path) -> Path:
    Image.fromarray(picture(96, 160)).save(tmp_path / "street.png")
    return tmp_path / "street.png"


def test_image_to_depth(street: Path, monkeypatch, capsys) -> None:
    run(monkeypatch, "image_to_depth.py", street, street.with_name("depth.png"))
    depth = read_depth_png16(street.with_name("depth.png"))
    assert depth.shape == (96, 160)
    assert capsys.readouterr().out == f"{depth[48, 80]:.1f} m in the middle of 160x96 pixels\n"


def test_opencv_frames(tmp_path: Path, monkeypatch) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "in.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (160, 96))
    for _ in range(2):
        writer.write(picture(96, 160)[..., ::-1].copy())
    writer.release()
    run(monkeypatch, "opencv_frames.py", tmp_path / "in.avi", tmp_path / "out.mp4")
    clip = whole_video(tmp_path / "out.mp4")
    assert len(clip) == 2 and clip.image(0).shape == (96, 320, 3)
    assert np.abs(clip.image(0)[:, :160].astype(int) - picture(96, 160)).mean() < 16


def test_points_in_space(street: Path, monkeypatch, capsys) -> None:
    run(monkeypatch, "points_in_space.py", street, 128, street.with_name("points.ply"))
    assert b"element vertex 15360\n" in street.with_name("points.ply").read_bytes()[:200]
    assert "rescaled by 1.00 from the training camera" in capsys.readouterr().out


def test_with_transformers(street: Path, monkeypatch, capsys) -> None:
    run(monkeypatch, "with_transformers.py", street, street.with_name("folder"))
    assert capsys.readouterr().out.endswith(" m at (96, 160) pixels\n")


def test_the_notebook(capsys) -> None:
    cells = json.loads((EXAMPLES / "tour.ipynb").read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") for cell in cells)
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    said = capsys.readouterr().out
    assert "clear: absRel 0." in said and "night: absRel 0." in said and "by 1 measured point" in said


def test_each_program_is_listed_and_named_in_a_test() -> None:
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.rglob("test_*.py"))
    for path in EXAMPLES.rglob("*.*"):
        if path.suffix in (".py", ".ipynb"):
            assert f"({path.relative_to(EXAMPLES).as_posix()})" in listed and path.name in tests

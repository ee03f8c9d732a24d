"""camera.yaml: what may stand in it, and what is said about the rest."""

from pathlib import Path

import pytest
import yaml

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError

CAMERA = Camera(30.0, 30.0, 18.0, 11.0, 40, 24)


@pytest.mark.parametrize("frame_rate", [None, 12.0])
def test_what_is_written_is_read(tmp_path: Path, frame_rate: float | None) -> None:
    path = tmp_path / "camera.yaml"
    CAMERA.write(path, frame_rate)
    assert Camera.read(path) == CAMERA
    assert yaml.safe_load(path.read_text()).get("frame_rate") == frame_rate


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("framerate: 12", "unknown key framerate; did you mean frame_rate?"),
        ("FX: 30", "unknown key FX; did you mean fx?"),
        (
            "distortion: [0.1]",
            "unknown key distortion; known keys: fx, fy, cx, cy, width, height, frame_rate, model, k1",
        ),
        ("7: 1", "unknown key 7; known keys"),
    ],
)
def test_a_key_that_nobody_reads_is_refused(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "camera.yaml"
    CAMERA.write(path)
    path.write_text(path.read_text() + line)
    with pytest.raises(UserError) as caught:
        Camera.read(path)
    assert str(caught.value).startswith(f"{path}: {says}")


def test_a_folder_is_no_camera(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"(?i)is a directory"):
        Camera.read(tmp_path)


def test_no_keys_at_all(tmp_path: Path) -> None:
    (tmp_path / "camera.yaml").write_text("no keys")
    with pytest.raises(UserError, match="expected the keys fx"):
        Camera.read(tmp_path / "camera.yaml")

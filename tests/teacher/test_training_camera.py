"""Which camera a checkpoint says it was trained with."""

import logging

import pytest

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.data.folder import open_data
from acdepth.data.prepared import prepare
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.training import train_teacher, training_camera
from tests.data.folders import CAMERA, HEIGHT, WIDTH, write_drive


def camera_of(tmp_path, *focal_lengths: float) -> dict[str, float | int] | None:
    for number, focal in enumerate(focal_lengths):
        folder = write_drive(tmp_path / "data" / f"drive_{number}", 3)
        Camera(focal, focal, CAMERA.cx, CAMERA.cy, WIDTH, HEIGHT).write(folder / "camera.yaml", frame_rate=12)
    return training_camera(prepare(open_data(tmp_path / "data"), tmp_path / "out", (48, 80)))


def test_it_is_the_middle_one_at_the_networks_size(tmp_path, caplog) -> None:
    with caplog.at_level(logging.WARNING, "acdepth"):
        found = camera_of(tmp_path, 31.0, 30.0, 30.5)
    expected = Camera(30.5, 30.5, CAMERA.cx, CAMERA.cy, WIDTH, HEIGHT).resized(48, 80)
    assert found is not None and Camera.from_dict(found) == expected
    assert caplog.text == ""


def test_unlike_cameras_are_warned_about(tmp_path, caplog) -> None:
    with caplog.at_level(logging.WARNING, "acdepth"):
        found = camera_of(tmp_path, 30.0, 45.0)
    assert "focal lengths from 60 to 90 pixels of the network's input" in caplog.text
    assert found is not None and found["fx"] == 90.0


def test_a_missing_camera_is_told_before_anything_is_prepared(tmp_path) -> None:
    write_drive(tmp_path / "data" / "a", 3)
    (write_drive(tmp_path / "data" / "b", 3) / "camera.yaml").unlink()
    (tmp_path / "data" / "b" / "motion.csv").unlink()
    with pytest.raises(UserError, match=r"b.images: its camera is not known; put camera\.yaml .* beside it"):
        train_teacher(TeacherConfig(), tmp_path / "data", tmp_path / "out")
    assert not (tmp_path / "out").exists()

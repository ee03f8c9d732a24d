"""``acdepth data check folder`` names what is wrong with pictures and videos before training does."""

from pathlib import Path

import cv2
import numpy as np

from acdepth.checking import check_data
from tests.data.folders import HEIGHT, WIDTH, write_drive
from tests.data.own.videos import write_video


def texts(root: Path, out: Path) -> tuple[str, str]:
    """Faults and doubts."""
    report = check_data("folder", root, out)
    return "\n".join(one.text for one in report.faults), "\n".join(one.text for one in report.doubts)


def test_damaged_and_unread_pictures(tmp_path: Path) -> None:
    images = write_drive(tmp_path / "data/drive") / "images"
    noise = np.random.default_rng(0).integers(0, 255, (HEIGHT * 5, WIDTH * 5, 3))
    broken = bytearray(cv2.imencode(".jpg", noise)[1].tobytes())
    broken[6000:6512] = bytes(512)
    (images / "000004.png").unlink()
    (images / "000004.jpg").write_bytes(broken)
    (images / "photo.heic").touch()
    faults, doubts = texts(tmp_path / "data", tmp_path / "out")
    assert (
        "000004.jpg: the JPEG is damaged (Corrupt JPEG data: " in faults and "copy the file again" in faults
    )
    assert "photo.heic: a picture is left out, as .heic is not read; save it as JPEG" in doubts


def test_a_video_that_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path = write_video(tmp_path / "data/drive.mkv")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    faults, _ = texts(tmp_path / "data", tmp_path / "out")
    assert "drive.mkv: is cut off: " in faults and "of 4.0 seconds are there; copy it again" in faults

"""The camera of one of KITTI's images, by the calibration that lies near it."""

import re
from pathlib import Path

from acdepth.core.camera import Camera
from acdepth.data.kitti.calibration import camera_of, read_calibration


def camera_beside(image: Path) -> Camera | None:
    """Of the object benchmark, of an odometry drive or of a raw drive; None for all other images.

    Raises:
        UserError: if the calibration is damaged.
    """
    folder = image.absolute().parent
    if match := re.fullmatch(r"image_([0-3]|l)", folder.name):
        name = f"P{match[1].replace('l', '0')}"
        files = (folder.parent / "calib" / f"{image.stem}.txt", folder.parent / "calib.txt")
    elif folder.name == "data" and (match := re.fullmatch(r"image_(0[0-3])", folder.parent.name)):
        name, files = f"P_rect_{match[1]}", (folder.parents[2] / "calib_cam_to_cam.txt",)
    else:
        return None
    file = next((file for file in files if file.is_file()), None)
    return None if file is None else camera_of(read_calibration(file), name, image)

"""DrivingStereo's weather subsets: images in four weathers with dense depth (Yang et al., CVPR 2019)."""

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.lens import Lens
from acdepth.data.kitti.calibration import camera_of, read_calibration
from acdepth.data.own.clip import Description, ImageClip
from acdepth.data.stored import list_images

WEATHERS = {
    "sunny": Condition.CLEAR,
    "cloudy": Condition.CLEAR,
    "foggy": Condition.FOG,
    "rainy": Condition.RAIN,
}
"""Folder and condition of each subset."""
SIZES = ("full", "half")
"""Of images and depth, the preferred one first."""
LEFT_CAMERA = "P_rect_101"
"""Name of its projection matrix in the calibration files."""


def is_driving_stereo(root: Path) -> bool:
    """Whether a folder holds weather subsets: ``rainy/left-image-half-size`` and the like."""
    return any(_image_folder(Path(root), weather, size).is_dir() for weather in WEATHERS for size in SIZES)


def open_driving_stereo(root: Path, on_warning: Callable[[str], object]) -> list[ImageClip]:
    """Open each drive of each weather as a clip.

    Images beside each other are not neighbours in time, so there are no distances and no frame rate. Full
    size is taken where image and depth are both there in it.

    Args:
        root: folder that holds ``sunny``, ``cloudy``, ``foggy``, ``rainy`` and, for cameras,
            ``full-image-calib`` or ``half-image-calib``.
        on_warning: told once if calibration is missing.

    Raises:
        UserError: if nothing is found, or a name or calibration cannot be understood.
    """
    root, clips = Path(root), []
    without_camera: list[Path] = []
    for weather in WEATHERS:
        size = _best_size(root, weather)
        images, depth = _image_folder(root, weather, size), _depth_folder(root, weather, size)
        for date, paths in _by_drive(images).items():
            file, camera = root / f"{size}-image-calib" / f"{date}.txt", None
            if file.exists():
                camera = camera_of(read_calibration(file), LEFT_CAMERA, paths[0])
            else:
                without_camera.append(file)
            about = Description(WEATHERS[weather], camera and Lens(camera), in_time=False)
            key_folder = f"{weather}/{images.name}"
            clips.append(ImageClip(f"{weather}/{date}", key_folder, paths, about, depth_folder=depth))
    if not clips:
        raise UserError(root, f"has no images in {', '.join(WEATHERS)}", "unpack left-image-half-size there")
    if without_camera:
        told = f"{len(without_camera)} of {len(clips)} drives have no camera"
        on_warning(f"{without_camera[0]}: no such file; {told}")
    return clips


def _best_size(root: Path, weather: str) -> str:
    """The first size with images and depth, else the first one with images."""
    found = [size for size in SIZES if _image_folder(root, weather, size).is_dir()]
    both = [size for size in found if _depth_folder(root, weather, size).is_dir()]
    return next(iter(both + found), SIZES[0])


def _image_folder(root: Path, weather: str, size: str) -> Path:
    return root / weather / f"left-image-{size}-size"


def _depth_folder(root: Path, weather: str, size: str) -> Path:
    return root / weather / f"depth-map-{size}-size"


def _by_drive(folder: Path) -> dict[str, list[Path]]:
    """The images of a folder by the date that their names begin with."""
    drives: dict[str, list[Path]] = defaultdict(list)
    for path in list_images(folder) if folder.is_dir() else ():
        date = re.match(r"(\d{4}(?:-\d\d){5})_", path.name)
        if date is None:
            told = "its name does not begin with its drive, such as 2018-10-25-07-37-26_"
            raise UserError(path, told, "rename it")
        drives[date[1]].append(path)
    return drives

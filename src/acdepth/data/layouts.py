"""The data sets that are known by their root folder, and where one lies if another folder was given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.data.driving_stereo import is_driving_stereo, open_driving_stereo
from acdepth.data.kitti.drives import is_kitti_raw, open_kitti_raw
from acdepth.data.nuscenes.scenes import is_nuscenes, open_nuscenes
from acdepth.data.robotcar.calibration import lens_of
from acdepth.data.robotcar.scenes import is_robotcar, open_robotcar
from acdepth.data.settings import FootageChoice


@dataclass(frozen=True)
class Layout:
    """How one data set lies in its root folder."""

    name: str
    """As ``acdepth data check`` calls it."""
    recognises: Callable[[Path], bool]
    signs: str
    """What it is recognised by, relative to the root."""
    open: Callable[[Path, FootageChoice, Callable[[str], object]], Sequence[Clip]]
    """Its footage: of a root, the part that is chosen; told each warning."""
    has_splits: bool = True


LAYOUTS = (
    Layout(
        "nuscenes",
        is_nuscenes,
        "v1.0-trainval, v1.0-mini or v1.0-test",
        lambda root, choice, _: open_nuscenes(root, choice.split, choice.cameras),
    ),
    Layout(
        "robotcar",
        is_robotcar,
        "models/stereo_wide_left.txt and SCENE/stereo/left",
        lambda root, choice, warn: open_robotcar(root, choice.split, warn, lens=lens_of(choice.cameras)),
    ),
    Layout(
        "kitti",
        is_kitti_raw,
        "days such as 2011_09_26/calib_cam_to_cam.txt",
        lambda root, choice, warn: open_kitti_raw(root, choice.split, warn),
    ),
    Layout(
        "driving-stereo",
        is_driving_stereo,
        "sunny, cloudy, foggy or rainy with left-image-half-size",
        lambda root, _, warn: open_driving_stereo(root, warn),
        has_splits=False,
    ),
)


def layouts_of(root: Path) -> list[Layout]:
    """The data sets that a folder is the root of; more than one if they were unpacked into each other."""
    return [layout for layout in LAYOUTS if layout.recognises(root)]


def layout_of(root: Path) -> Layout | None:
    """The data set that a folder is the root of, if it is one.

    Raises:
        UserError: if it holds several data sets, of which only a part would be read.
    """
    found = layouts_of(root)
    children = sorted(path for path in root.iterdir() if path.is_dir())
    if inside := [f"{child} ({layout.name})" for child in children for layout in layouts_of(child)]:
        many = "one of " if len(inside) > 1 else ""
        raise UserError(root, "holds data sets in folders of their own", f"give {many}{', '.join(inside)}")
    if len(found) > 1:
        names = " and ".join(layout.name for layout in found)
        raise UserError(root, f"is laid out as {names} at once", "move each into a folder of its own")
    return found[0] if found else None


def data_set_around(folder: Path) -> tuple[Path, Layout] | None:
    """The data set that a folder lies directly in, if it does."""
    around = folder.absolute().parent
    found = layouts_of(around)
    return (around, found[0]) if found else None

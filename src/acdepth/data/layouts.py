"""The data sets that are known by their root folder, and where one lies if another folder was given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.errors import OnFault, UserError
from acdepth.data import acdc
from acdepth.data.cityscapes import drives as cityscapes
from acdepth.data.driving_stereo import is_driving_stereo, open_driving_stereo
from acdepth.data.kitti import drives as kitti
from acdepth.data.nuscenes import scenes as nuscenes
from acdepth.data.robotcar import lists as robotcar_lists
from acdepth.data.robotcar import scenes as robotcar
from acdepth.data.robotcar.calibration import lens_of
from acdepth.data.settings import FootageChoice

Opener = Callable[[Path, FootageChoice, Callable[[str], object], OnFault], Sequence[Clip]]
"""Of a root, the part that is chosen; told each warning, and each fault of a part that is then left out."""


@dataclass(frozen=True)
class Layout:
    """How one data set lies in its root folder."""

    name: str
    """As ``acdepth data check`` calls it."""
    recognises: Callable[[Path], bool]
    signs: str
    """What it is recognised by, relative to the root."""
    open: Opener
    """Its footage."""
    splits: Callable[[Path], list[str]] | None
    """Of a root, the splits that are there; None for a data set without."""
    takes_lists: bool = False
    """Whether a split may also be the path of a list."""

    @property
    def has_splits(self) -> bool:
        """Whether a part of it can be chosen."""
        return self.splits is not None


LAYOUTS = (
    Layout(
        "nuscenes",
        nuscenes.is_nuscenes,
        "v1.0-trainval, v1.0-mini or v1.0-test",
        lambda root, choice, *_: nuscenes.open_nuscenes(root, choice.split, choice.cameras),
        nuscenes.split_names,
    ),
    Layout(
        "robotcar",
        robotcar.is_robotcar,
        "models/stereo_wide_left.txt and SCENE/stereo/left",
        lambda root, choice, *told: robotcar.open_robotcar(
            root, choice.split, *told, lens=lens_of(choice.cameras)
        ),
        robotcar_lists.split_names,
        takes_lists=True,
    ),
    Layout(
        "kitti",
        kitti.is_kitti_raw,
        "days such as 2011_09_26/calib_cam_to_cam.txt",
        lambda root, choice, *told: kitti.open_kitti_raw(root, choice.split, *told),
        kitti.split_names,
        takes_lists=True,
    ),
    Layout(
        "cityscapes",
        cityscapes.is_cityscapes,
        "leftImg8bit, leftImg8bit_sequence or leftImg8bit_foggy with train, val or test",
        lambda root, choice, *told: cityscapes.open_cityscapes(root, choice.split, *told),
        cityscapes.split_names,
    ),
    Layout(
        "acdc",
        acdc.is_acdc,
        "rgb_anon with fog/train and the like",
        lambda root, choice, *told: acdc.open_acdc(root, choice.split, *told),
        acdc.split_names,
    ),
    Layout(
        "driving-stereo",
        is_driving_stereo,
        "sunny, cloudy, foggy or rainy with left-image-half-size",
        lambda root, _, warn, __: open_driving_stereo(root, warn),
        splits=None,
    ),
)


def layouts_of(root: Path) -> list[Layout]:
    """The data sets that a folder is the root of; more than one if they were unpacked into each other."""
    return [layout for layout in LAYOUTS if layout.recognises(root)]


def layout_of(root: Path) -> Layout | None:
    """The data set that a folder is the root of, if it is one; a file never is.

    Raises:
        UserError: if it holds several data sets, of which only a part would be read.
    """
    if root.is_file():
        return None
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

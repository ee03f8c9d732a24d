"""Which part of a data set an evaluation is on: never all by omission, as networks learnt on most of it."""

from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.data.folder import open_data
from acdepth.data.layouts import layouts_of
from acdepth.data.nuscenes.scenes import VERSIONS, is_nuscenes, open_scenes, scene_names
from acdepth.data.nuscenes.tables import read_tables
from acdepth.data.robotcar.calibration import lens_of
from acdepth.data.robotcar.scenes import is_robotcar
from acdepth.data.settings import FootageChoice
from acdepth.evaluation.results import describe_data
from acdepth.evaluation.schema import Data

ALL = "all"
"""Stands for every image of a data set, those that networks are trained on among them."""


def has_splits(data: Path) -> bool:
    """Whether a path is a data set of which a part must be named."""
    return any(layout.has_splits for layout in layouts_of(data))


def open_part(data: Path, split: str | None, cameras: tuple[str, ...]) -> list[Clip]:
    """Open the part of a data set that ``split`` names (or `ALL`), or footage that has no parts.

    Raises:
        UserError: if the data set has splits and none is named, or the other way round, or nothing is found.
    """
    if not has_splits(data):
        if split not in (None, ALL):
            raise UserError(data, f"has no splits, so --split {split} means nothing", "leave it out")
        return open_data(data)
    if split is None:
        remedy = f"say which to measure with --split: {_parts_of(data)}, or {ALL}, with the training images"
        raise UserError(data, "is a data set with splits", remedy)
    if split == ALL and is_nuscenes(data):
        return _all_scenes(data, cameras)
    return open_data(data, choice=FootageChoice(split=None if split == ALL else split, cameras=cameras))


def describe_part(data: Path, split: str | None, cameras: tuple[str, ...], footage: list[Clip]) -> Data:
    """What the results say of data that `open_part` opened."""
    channels = cameras if is_nuscenes(data) else (lens_of(cameras),) if is_robotcar(data) else None
    return describe_data(data, split if has_splits(data) else None, channels, footage)


def _parts_of(data: Path) -> str:
    layout = next(one for one in layouts_of(data) if one.has_splits)
    names = layout.splits(data) if layout.splits else []
    return ", ".join([*names, *["the path of a list"] * layout.takes_lists])


def _all_scenes(root: Path, cameras: tuple[str, ...]) -> list[Clip]:
    """The scenes of every split whose tables are there; those of the mini tables may be there twice."""
    found: dict[str, Clip] = {}
    for version in dict.fromkeys(VERSIONS.values()):
        if (root / version).is_dir():
            tables = read_tables(root, version, frozenset(cameras))
            there = {scene.name for scene in tables.scenes.values()}
            for split in VERSIONS:
                if VERSIONS[split] == version and there & scene_names(split):
                    found |= {one.name: one for one in open_scenes(root, tables, split, cameras)}
    return sorted(found.values(), key=lambda clip: clip.name)

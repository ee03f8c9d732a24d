"""What there is to do before a downloaded traversal has the layout that is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import hash_file, read_json
from acdepth.data.robotcar.calibration import MODEL_FILE, RawCalibration
from acdepth.data.robotcar.clip import CLOUDS, IMAGES
from acdepth.data.robotcar.lists import FILTER_ENDING, read_list
from acdepth.data.robotcar.odometry import Odometry, Poses, read_odometry
from acdepth.data.robotcar.raw import Recording, read_images, read_scans

MADE_FROM = "made_from.json"
"""Of a scene: hashes of calibration and odometry by file name."""


@dataclass(frozen=True)
class ScenePlan:
    """What is to be done for one traversal."""

    root: Path
    """Of the layout."""
    folder: Path
    """Of the scene in the layout."""
    calibration: RawCalibration
    lists: tuple[Path, ...]
    """That go to ``ROOT/splits``."""
    images: Recording
    scans: Recording
    odometry: Odometry
    poses: Poses
    """Of the car at the images."""
    made_from: dict[str, str]
    """Content of `MADE_FROM`."""
    images_to_make: list[int]
    """Time stamps [us]."""
    clouds_to_make: list[int]
    """Positions in ``images``."""
    total: int
    """Images and clouds of the whole scene."""

    @property
    def done(self) -> int:
        """Images and clouds that are there already."""
        return self.total - len(self.images_to_make) - len(self.clouds_to_make)


def plan_scene(
    raw: Path, out: Path, scene: str, calibration: RawCalibration, lists: Sequence[Path] = ()
) -> ScenePlan:
    """Look at what there is to do; nothing is written.

    Args:
        raw: folder that holds the downloaded traversals.
        out: root of the layout; not ``raw``, as both call their images the same.
        scene: name of the traversal, such as 2014-12-09-13-21-02.
        calibration: of camera and laser.
        lists: go to ``OUT/splits``, and only images that they name get a cloud; without lists all do. A
            filter (``NAME_filter.txt``) is given as a list too.

    Raises:
        UserError: if something is missing or damaged, or what ``out`` holds was made from other files.
    """
    raw, out, lists = Path(raw), Path(out), tuple(Path(path) for path in lists)
    if out.resolve() == raw.resolve():
        raise UserError(out, "is the download itself", "give another folder to prepare it into")
    images, scans = read_images(raw / scene), read_scans(raw / scene)
    odometry_file = raw / scene / "vo" / "vo.csv"
    odometry, folder = read_odometry(odometry_file), out / scene
    made_from = {path.name: hash_file(path) for path in (*calibration.files, odometry_file)}
    _refuse_other_origin(out, folder, made_from)
    poses = odometry.at(images.times)
    with_cloud = _with_cloud(scene, images, poses, lists)
    have_image, have_cloud = _names(folder / IMAGES, ".png"), _names(folder / CLOUDS, ".bin")
    return ScenePlan(
        root=out,
        folder=folder,
        calibration=calibration,
        lists=lists,
        images=images,
        scans=scans,
        odometry=odometry,
        poses=poses,
        made_from=made_from,
        images_to_make=[time for time in images.times.tolist() if str(time) not in have_image],
        clouds_to_make=[number for number in with_cloud if str(images.times[number]) not in have_cloud],
        total=len(images.times) + len(with_cloud),
    )


def _with_cloud(scene: str, images: Recording, poses: Poses, lists: Sequence[Path]) -> list[int]:
    """Positions of the images that get a cloud: those with a pose that a list names."""
    wanted = poses.stretch >= 0
    if lists:
        of_list = {path: read_list(path).get(scene, set()) for path in lists}
        named = [times for path, times in of_list.items() if not path.stem.endswith(FILTER_ENDING)]
        wanted &= np.isin(images.times, list(set().union(*named)))
    return np.flatnonzero(wanted).tolist()


def _names(folder: Path, suffix: str) -> set[str]:
    return {path.stem for path in folder.glob(f"*{suffix}")}


def _refuse_other_origin(out: Path, folder: Path, made_from: dict[str, str]) -> None:
    """Half a scene must not be finished with other files, nor a second scene get another camera."""
    model = out / "models" / MODEL_FILE
    if model.exists() and hash_file(model) != made_from[MODEL_FILE]:
        raise UserError(model, "is of another camera", "prepare into another folder")
    before = read_json(folder / MADE_FROM) if (folder / MADE_FROM).exists() else made_from
    other = sorted(name for name in made_from if before.get(name) != made_from[name])
    if other:
        raise UserError(
            folder / MADE_FROM, f"the scene was made from another {', '.join(other)}", f"remove {folder}"
        )

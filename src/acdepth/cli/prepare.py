"""``acdepth data prepare``: turn a raw download into the layout that is read."""

import logging
from pathlib import Path
from typing import Annotated, Literal

import tyro

from acdepth.core.errors import UserError
from acdepth.core.lock import sole_writer
from acdepth.core.progress import progress


def prepare(
    kind: Annotated[Literal["robotcar"], tyro.conf.Positional],
    raw: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    *,
    models: Path,
    extrinsics: Path,
    scenes: tuple[str, ...] = (),
    lists: tuple[Path, ...] = (),
) -> None:
    """Undistort images, turn visual odometry into poses and laser scans into clouds; goes on where it was.

    Args:
        kind: robotcar.
        raw: folder of the downloaded traversals, RAW/2014-12-09-13-21-02/stereo/centre/*.png and so on.
        out: folder for the layout that the other verbs read.
        models: camera models of the RobotCar SDK: stereo_narrow_left.txt and its distortion table.
        extrinsics: extrinsics of the RobotCar SDK: stereo.txt and lms_front.txt.
        scenes: names of the traversals; all that are in RAW by default.
        lists: split and filter lists, copied to OUT/splits; only images that they name get a cloud.
    """
    from acdepth.data.robotcar.calibration import read_raw_calibration
    from acdepth.data.robotcar.prepare import plan_scene, prepare_scene
    from acdepth.data.robotcar.raw import raw_scenes

    found = scenes or tuple(raw_scenes(raw))
    if not found:
        raise UserError(raw, "holds no traversal", "expected RAW/SCENE/stereo.timestamps")
    calibration = read_raw_calibration(models, extrinsics)
    warn = logging.getLogger("acdepth").warning
    with sole_writer(out):
        plans = [plan_scene(raw, out, scene, calibration, lists) for scene in found]
        done, total = sum(plan.done for plan in plans), sum(plan.total for plan in plans)
        with progress("prepare", total, done, unit="file") as advance:
            for plan in plans:
                prepare_scene(plan, advance, warn)
    print(f"{out}: {', '.join(found)}; check it with acdepth data check robotcar --root {out}")

"""The world as RobotCar in md4all's prepared layout: clear drives as its day, night drives as its night."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.files import write_bytes, write_text
from acdepth.recipes.layouts.drives import WorldDrive, common_camera

SCENES = {Condition.CLEAR: "2014-12-09-13-21-02", Condition.NIGHT: "2014-12-16-18-44-24"}
FIRST_TIME = 1_418_132_000_000_000
"""[us]."""
INTERVAL = 62_500
"""[us] between images: 16 a second, whatever the world's rate."""
BETWEEN_DRIVES = 10_000_000
"""[us]; readers cut a traversal there."""
VALIDATED = 5
"""Every fifth image of a training drive is in the list val too."""


def write_robotcar(
    drives: list[WorldDrive], out: Path, evaluation: frozenset[int], progress: Callable[[], object]
) -> None:
    """Write drives one after the other into the two scenes, with lists train, val and test."""
    camera = common_camera(drives, "RobotCar")
    model = [[camera.fx, camera.fy, camera.cx, camera.cy], *np.eye(4).tolist()]
    write_text(out / "models" / "stereo_narrow_left.txt", "\n".join(" ".join(map(str, row)) for row in model))
    lists: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for condition, scene in SCENES.items():
        poses, time = {}, FIRST_TIME
        for drive in (drive for drive in drives if drive.condition is condition):
            for index, image in enumerate(drive.images):
                file = f"{scene}/stereo/centre/{time}.png"
                write_bytes(out / file, image.read_bytes())
                cloud = out / scene / "lms_front_synchronized" / f"{time}.bin"
                write_bytes(cloud, drive.scan(index, shift=0.5).astype("<f4").tobytes())
                poses[str(time)] = drive.T_camera_to_world[index].tolist()
                for name in _lists_of(drive, index, evaluation):
                    lists[name].append(file)
                time += INTERVAL
                progress()
            time += BETWEEN_DRIVES
        if poses:
            write_text(out / scene / "poses_synchronized.json", json.dumps(poses))
    for name, files in lists.items():
        write_text(out / "splits" / f"{name}.txt", "".join(f"{file}\n" for file in files))


def _lists_of(drive: WorldDrive, index: int, evaluation: frozenset[int]) -> list[str]:
    if drive.town in evaluation:
        return ["test"]
    if drive.condition is not Condition.CLEAR:
        return []
    return ["train", "val"] if index % VALIDATED == 0 else ["train"]

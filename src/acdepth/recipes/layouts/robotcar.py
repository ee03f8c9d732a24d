"""The world as RobotCar in md4all's prepared layout: clear drives as its day, night drives as its night."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.files import write_bytes, write_text
from acdepth.data.robotcar.calibration import HEAD_FILE, LASER_FILE, Lens, lut_file, model_file
from acdepth.data.robotcar.clouds import CLOUDS, write_cloud
from acdepth.data.robotcar.lists import FILTER, SPLITS
from acdepth.data.robotcar.motions import write_motions
from acdepth.recipes.layouts.drives import WorldDrive, common_camera

SCENES = {Condition.CLEAR: "2014-12-09-13-21-02", Condition.NIGHT: "2014-12-16-18-44-24"}
LENS: Lens = "stereo/left"
T_OPTICAL_TO_HEAD = np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
"""x right, y down, z forward to x forward, y right, z down; the car's frame is the stereo head's."""
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
    """Write drives one after the other into the two scenes, with lists train, val and test.

    First and last images of a drive are in no training list, as those name both neighbours.
    """
    _write_calibration(common_camera(drives, "RobotCar"), out)
    for condition, scene in SCENES.items():
        lists, motions, time = defaultdict[str, list[str]](list), {}, FIRST_TIME
        for drive in (drive for drive in drives if drive.condition is condition):
            times = [time + INTERVAL * index for index in range(len(drive.images))]
            for index, now in enumerate(times):
                _write_moment(drive, index, out / scene, now)
                line = times[max(index - 1, 0) : index + 2]
                if len(line) == 3:
                    motions[now] = _motion(drive, index)
                for name, text in _lines(drive, index, line, now, evaluation).items():
                    lists[name].append(text)
                progress()
            time = times[-1] + INTERVAL + BETWEEN_DRIVES
        if motions:
            write_motions(out / scene, motions)
        for name, lines in lists.items():
            write_text(out / SPLITS / f"{scene}_{name}.txt", "".join(lines))
    write_text(out / FILTER, "")


def _write_calibration(camera: Camera, out: Path) -> None:
    model = [[camera.fx, camera.fy, camera.cx, camera.cy], *T_OPTICAL_TO_HEAD.tolist()]
    text = "".join(f"{' '.join(map(str, row))}\n" for row in model)
    write_text(out / "models" / model_file(LENS), text)
    row, column = np.mgrid[0 : camera.height, 0 : camera.width]
    # The images are undistorted; md4all's readers open the table all the same.
    write_bytes(out / "models" / lut_file(LENS), np.stack([column, row]).astype("<f8").tobytes())
    for file in (HEAD_FILE, LASER_FILE):
        write_text(out / "extrinsics" / file, "0 0 0 0 0 0\n")


def _write_moment(drive: WorldDrive, index: int, scene: Path, time: int) -> None:
    write_bytes(scene / LENS / f"{time}.png", drive.images[index].read_bytes())
    points = drive.scan(index, shift=0) @ T_OPTICAL_TO_HEAD[:3, :3].T
    write_cloud(scene / CLOUDS / f"{time}.pcd.bin", points)


def _motion(drive: WorldDrive, index: int) -> np.ndarray:
    """The car at the previous and at the next image in its frame at this one, (2, 4, 4) [m]."""
    others = drive.T_camera_to_world[[index - 1, index + 1]]
    T = np.linalg.inv(drive.T_camera_to_world[index]) @ others
    return T_OPTICAL_TO_HEAD @ T @ T_OPTICAL_TO_HEAD.T


def _lines(
    drive: WorldDrive, index: int, line: list[int], now: int, evaluation: frozenset[int]
) -> dict[str, str]:
    """What lists say of an image, by their names without the scene."""
    if drive.town in evaluation:
        return {"test": f"{now} 1\n"}  # the SDK's own lists of time stamps go on with a chunk's number too
    if drive.condition is not Condition.CLEAR or len(line) < 3:
        return {}
    text = f"{' '.join(map(str, line))}\n"
    return {"train_stride_1": text} | ({"val_stride_1": text} if index % VALIDATED == 0 else {})

"""``poses_synchronized.json``: where the camera was at each image."""

import json
from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import read_json, write_text
from acdepth.data.robotcar.calibration import is_rigid


def read_poses(path: Path) -> dict[int, np.ndarray]:
    """T_camera_to_world, (4, 4) float64 [m], by time [us].

    Raises:
        UserError: if the file is missing or holds something else.
    """
    values = read_json(path)
    try:
        times = [int(time) for time in values]
        T = np.array(list(values.values()), dtype=np.float64).reshape(-1, 4, 4)
    except (TypeError, ValueError, AttributeError) as error:
        raise UserError(path, "not a 4x4 matrix for each time stamp", "make it again") from error
    if not is_rigid(T):
        raise UserError(path, "holds matrices that are no rigid motions", "make it again")
    return dict(zip(times, T, strict=True))


def write_poses(path: Path, times: np.ndarray, T_camera_to_world: np.ndarray) -> None:
    """Write the poses (N, 4, 4) [m] of times (N,) [us]; those that are NaN are left out."""
    known = np.isfinite(T_camera_to_world).all((1, 2))
    poses = zip(times[known].tolist(), T_camera_to_world[known].tolist(), strict=True)
    write_text(path, json.dumps({str(time): T for time, T in poses}) + "\n")

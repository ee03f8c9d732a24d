"""Rigid motions, many at a time, and ``poses_synchronized.json``: where the camera was at each image."""

import json
from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.core.files import read_json, write_text


def motions(values: np.ndarray) -> np.ndarray:
    """(N, 4, 4) float64 from (N, 6): x, y, z [m], roll, pitch, yaw [rad].

    The rotation is about x by roll, then about y by pitch, then about z by yaw, of axes that stay.
    """
    (cr, cp, cy), (sr, sp, sy) = np.cos(values[:, 3:]).T, np.sin(values[:, 3:]).T
    T = np.zeros((len(values), 4, 4))
    T[:, 0, :3] = np.stack([cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr], 1)
    T[:, 1, :3] = np.stack([sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr], 1)
    T[:, 2, :3] = np.stack([-sp, cp * sr, cp * cr], 1)
    T[:, :3, 3] = values[:, :3]
    T[:, 3, 3] = 1
    return T


def part_of(T: np.ndarray, part: np.ndarray) -> np.ndarray:
    """The first parts of motions at steady speed: slerp for the rotation, linear for the translation.

    Args:
        T: (N, 4, 4) [m]; rotations by less than half a turn.
        part: (N,), 0 for no motion, 1 for the whole.

    Returns:
        (N, 4, 4) float64 [m].
    """
    R = T[:, :3, :3]
    # R - R^T is twice the sine of the angle times the cross product with the axis.
    cross = (R - R.swapaxes(1, 2)) / 2
    sine = np.sqrt((cross**2).sum((1, 2)) / 2)
    angle = np.arctan2(sine, (np.trace(R, axis1=1, axis2=2) - 1) / 2) * part
    cross = cross / np.maximum(sine, 1e-300)[:, None, None]
    made = np.tile(np.eye(4), (len(T), 1, 1))
    made[:, :3, :3] += np.sin(angle)[:, None, None] * cross
    made[:, :3, :3] += (1 - np.cos(angle))[:, None, None] * (cross @ cross)
    made[:, :3, 3] = part[:, None] * T[:, :3, 3]
    return made


def is_rigid(T: np.ndarray) -> bool:
    """Whether each of (..., 4, 4) is a rotation with a translation, nearly."""
    R = T[..., :3, :3]
    return bool(
        np.isfinite(T).all()
        and (T[..., 3, :] == [0, 0, 0, 1]).all()
        and np.allclose(R @ R.swapaxes(-1, -2), np.eye(3), atol=1e-2)
        and (np.linalg.det(R) > 0).all()
    )


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

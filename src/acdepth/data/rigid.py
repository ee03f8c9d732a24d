"""Rigid motions as (4, 4) float64 [m], from what data sets write: quaternions, angles, matrices."""

import numpy as np

FARTHEST = 1e9
"""[m]: of any motion on earth; squares of numbers beyond fit into no float."""


def from_quaternion(rotation: list[float], translation: list[float]) -> np.ndarray:
    """(4, 4) float64 from a unit quaternion w, x, y, z and a translation [m].

    Raises:
        ValueError: if the quaternion has no length, or a number is missing or not finite.
    """
    if not (np.abs(np.array([*rotation, *translation], np.float64)) <= FARTHEST).all():
        raise ValueError(f"translation {translation} or rotation {rotation} is not on earth")
    length = np.linalg.norm(np.asarray(rotation, dtype=np.float64))
    if not length > 0:
        raise ValueError(f"rotation {rotation} has no length")
    w, x, y, z = np.asarray(rotation, dtype=np.float64) / length
    matrix = np.eye(4)
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix[:3, 3] = translation
    if not np.isfinite(matrix).all():
        raise ValueError(f"translation {translation} or rotation {rotation} is not finite")
    return matrix


def from_matrix(matrix: np.ndarray) -> np.ndarray:
    """A (3, 3) rotation or (3, 4) motion as (4, 4)."""
    square = np.eye(4)
    square[:3, : matrix.shape[1]] = matrix
    return square


def from_angles(values: np.ndarray) -> np.ndarray:
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
    """The first parts (N,) of motions T (N, 4, 4) [m] at steady speed, (N, 4, 4) float64.

    Slerp for the rotation, which is by less than half a turn, and linear for the translation.
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
        (np.abs(T) <= FARTHEST).all()
        and (T[..., 3, :] == [0, 0, 0, 1]).all()
        and np.allclose(R @ R.swapaxes(-1, -2), np.eye(3), atol=1e-2)
        and (np.linalg.det(R) > 0).all()
    )

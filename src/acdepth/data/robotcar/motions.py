"""Rigid motions, many at a time: from six numbers each, and parts of them."""

import numpy as np


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

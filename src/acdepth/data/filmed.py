"""Which adverse frames are part of a video: they can be seen from the places of their neighbours."""

from collections.abc import Mapping

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.order import is_slower
from acdepth.data.pools import Pool
from acdepth.data.prepared import Prepared
from acdepth.data.triplets import STEPS, has_both_neighbours, has_camera


def filmed_frames(
    prepared: Prepared,
    learning: Mapping[Condition, Pool],
    apart: Mapping[Condition, Pool],
    min_speed: float | None,
) -> frozenset[int]:
    """Frames to learn from that have both neighbours and a known camera.

    Frames beside one that is kept apart are none of them, because nothing may be learnt from its pixels; nor
    are those known to be slower than ``min_speed`` [m/s], as a camera that stands teaches no geometry.

    Args:
        prepared: the footage, prepared with its targets' neighbours.
        learning: of it, by condition.
        apart: of it, by condition.
        min_speed: None leaves out none.

    Raises:
        UserError: if there are none.
    """
    fit = has_both_neighbours(prepared) & has_camera(prepared) & ~is_slower(prepared, min_speed)
    for pool in apart.values():
        for step in STEPS:
            beside = np.array(pool.frames) + step
            fit[beside[(beside >= 0) & (beside < len(fit))]] = False
    found = frozenset(index for pool in learning.values() for index in pool.frames if fit[index])
    if not found:
        raise UserError(
            prepared.folder,
            "photometric_weight needs adverse video, but no frame to learn from has neighbours "
            "before and after it, a known camera (camera.yaml) and motion",
            "give such footage, or set photometric_weight to 0",
        )
    return found

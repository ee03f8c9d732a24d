"""Which adverse frames are part of a video: they can be seen from the places of their neighbours."""

from collections.abc import Mapping

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.order import is_slower
from acdepth.data.pools import Pool
from acdepth.data.prepared import Prepared
from acdepth.data.triplets import STEPS, has_both_neighbours


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
    hidden = {frame for pool in apart.values() for frame in pool.frames}
    found = frozenset(
        index
        for pool in learning.values()
        for index in pool.frames
        if has_both_neighbours(prepared, index)
        and prepared.frames[index].intrinsics is not None
        and not is_slower(prepared.frames[index], min_speed)
        and hidden.isdisjoint(index + step for step in STEPS)
    )
    if not found:
        raise UserError(
            prepared.folder,
            "photometric_weight needs adverse video, but no frame to learn from has neighbours "
            "before and after it, a known camera (camera.yaml) and motion",
            "give such footage, or set photometric_weight to 0",
        )
    return found

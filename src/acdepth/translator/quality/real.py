"""Real images of every condition: what translations should look like."""

from collections.abc import Iterable, Mapping

from acdepth.core.clip import Clip, Frame, target_frames
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.spread import spread
from acdepth.translator.quality.cases import Case
from acdepth.translator.quality.pictures import Pictures, Window, read_frames

FEWEST_DRIVES = 2
"""One to learn from and one to ask about."""


def read_real(
    footage: Iterable[Clip], cases: Iterable[Case], window: Window, most: int
) -> dict[Condition, Pictures]:
    """Images of each condition that the footage has.

    Args:
        footage: of other streets than the sources.
        cases: what will be judged by these images.
        window: as of the translations.
        most: images per condition at most.

    Raises:
        UserError: if clear or a condition of the cases has fewer than two drives, or the footage holds
            sources or their truth.
    """
    drives: dict[Condition, list[Clip]] = {condition: [] for condition in Condition}
    for clip in footage:
        drives[clip.condition].append(clip)
    for condition in (Condition.CLEAR, *(case.condition for case in cases)):
        if len(drives[condition]) < FEWEST_DRIVES:
            raise UserError(
                "--real",
                f"holds {len(drives[condition])} drives of {condition}",
                f"at least {FEWEST_DRIVES} are needed, to learn how it looks and to hold one out",
            )
    known = {one: case.condition for case in cases for one in case.hashes}
    read: dict[Condition, Pictures] = {}
    for condition, clips in drives.items():
        if len(clips) < FEWEST_DRIVES:
            continue
        frames = target_frames(clips)
        chosen = spread(frames, most)
        read[condition], hashes = read_frames(chosen, window)
        _refuse_known(chosen, hashes, known)
    return read


def _refuse_known(frames: list[Frame], hashes: list[str], known: Mapping[str, Condition]) -> None:
    for frame, found in zip(frames, hashes, strict=True):
        if found in known:
            raise UserError(
                "--real",
                f"{frame.key} is a source or its truth",
                "a judge must not learn from the streets it is asked about, so give footage of others",
            )

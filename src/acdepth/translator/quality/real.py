"""Real images of every condition: what translations should look like."""

from collections.abc import Iterable, Mapping

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.sample import Sequence
from acdepth.core.spread import spread
from acdepth.translator.quality.cases import Case
from acdepth.translator.quality.pictures import Frame, Pictures, Window, read_frames

FEWEST_DRIVES = 2
"""One to learn from and one to ask about."""


def read_real(
    footage: Iterable[Sequence], cases: Iterable[Case], window: Window, most: int
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
    drives: dict[Condition, list[Sequence]] = {condition: [] for condition in Condition}
    for sequence in footage:
        drives[sequence.condition].append(sequence)
    for condition in (Condition.CLEAR, *(case.condition for case in cases)):
        if len(drives[condition]) < FEWEST_DRIVES:
            raise UserError(
                f"--real: holds {len(drives[condition])} drives of {condition}; at least {FEWEST_DRIVES} are "
                "needed, to learn how it looks and to hold one out"
            )
    known = {one: case.condition for case in cases for one in case.hashes}
    read: dict[Condition, Pictures] = {}
    for condition, sequences in drives.items():
        if len(sequences) < FEWEST_DRIVES:
            continue
        frames = [Frame(sequence, index) for sequence in sequences for index in sequence.targets()]
        chosen = spread(frames, most)
        read[condition], hashes = read_frames(chosen, window)
        _refuse_known(chosen, hashes, known)
    return read


def _refuse_known(frames: list[Frame], hashes: list[str], known: Mapping[str, Condition]) -> None:
    for frame, found in zip(frames, hashes, strict=True):
        if found in known:
            raise UserError(
                f"--real: {frame.key} is a source or its truth; a judge must not learn from the streets it "
                "is asked about, so give footage of others"
            )

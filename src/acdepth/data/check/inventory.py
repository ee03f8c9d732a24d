"""What is there: by split and condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.data.check.opening import Part
from acdepth.data.check.plausible import DepthFacts


@dataclass(frozen=True)
class InventoryRow:
    """Footage of one split under one condition."""

    split: str
    condition: Condition
    sequences: int
    images: int
    targets: int
    """Images that training and evaluation are about."""
    hours: float | None
    """None where the frame rate is unknown."""
    looked_at: int
    """Targets that were decoded."""
    measured: int
    """Of these, how many have measured depth."""
    points: float | None
    """Measured pixels of an image, the median; None where nothing is measured."""
    depth: float | None
    """Median over images of their median depth [m]; None where nothing is measured."""


def take_inventory(
    parts: Sequence[Part],
    looked_at: Mapping[tuple[str, str], int],
    facts: Mapping[tuple[str, str], list[DepthFacts]],
) -> list[InventoryRow]:
    """Count what is there.

    Args:
        parts: all footage.
        looked_at: decoded frames, by split and name of the sequence.
        facts: of those with measured depth, likewise.
    """
    rows = []
    for part in parts:
        for condition in Condition:
            chosen = [one for one in part.clips if one.condition is condition]
            if chosen:
                keys = [(part.split, clip.name) for clip in chosen]
                measured = [fact for key in keys for fact in facts.get(key, [])]
                looked = sum(looked_at.get(key, 0) for key in keys)
                rows.append(_row(part.split, condition, chosen, looked, measured))
    return rows


def _row(
    split: str, condition: Condition, clips: list[Clip], looked_at: int, facts: list[DepthFacts]
) -> InventoryRow:
    seconds = [len(one) / one.frame_rate for one in clips if one.frame_rate]
    return InventoryRow(
        split=split,
        condition=condition,
        sequences=len(clips),
        images=sum(len(one) for one in clips),
        targets=sum(len(one.targets()) for one in clips),
        hours=sum(seconds) / 3600 if seconds else None,
        looked_at=looked_at,
        measured=len(facts),
        points=float(np.median([fact.points for fact in facts])) if facts else None,
        depth=float(np.median([fact.median for fact in facts])) if facts else None,
    )

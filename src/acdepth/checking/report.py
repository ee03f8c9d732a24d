"""What a check says: what is there and what is wrong with it, as lines for a person and as a file."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from acdepth.checking.doubts import DepthFacts
from acdepth.checking.drives import Drive
from acdepth.checking.findings import Finding, told
from acdepth.checking.opening import Part
from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.files import write_json
from acdepth.core.provenance import provenance

REPORT_FILE, SHEET_FILE = "check.json", "sheet.png"


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


@dataclass(frozen=True)
class CheckReport:
    """All that one check found."""

    kind: str
    root: Path
    inventory: list[InventoryRow]
    faults: list[Finding]
    doubts: list[Finding]
    has_sheet: bool
    """Whether there was a frame to show."""
    drives: Sequence[Drive] = ()
    """Of one's own, what training will make of each."""

    def lines(self) -> list[str]:
        """Facts of drives, faults, doubts, a line each; large groups by their first ones and their number."""
        facts = [
            f"{drive.name}: {about}: {said}" for drive in self.drives for about, said in drive.facts().items()
        ]
        return [*facts, *told(self.faults, "fault"), *told(self.doubts, "doubt")]

    def write(self, out: Path) -> None:
        """Write ``out/check.json``: everything, large groups in full."""
        content = {
            "kind": self.kind,
            "root": str(self.root),
            "inventory": [asdict(row) for row in self.inventory],
            "drives": [drive.to_dict() for drive in self.drives],
            "faults": [fault.text for fault in self.faults],
            "doubts": [{"about": doubt.group, "text": doubt.text} for doubt in self.doubts],
            "sheet": SHEET_FILE if self.has_sheet else None,
            "made_by": provenance(),
        }
        write_json(out / REPORT_FILE, content)


def take_inventory(
    parts: Sequence[Part], looked_at: Mapping[Clip, int], facts: Mapping[Clip, list[DepthFacts]]
) -> list[InventoryRow]:
    """Count what is there: ``looked_at`` are decoded frames of each clip, ``facts`` of those with depth."""
    rows = []
    for part in parts:
        for condition in Condition:
            if clips := [one for one in part.clips if one.condition is condition]:
                measured = [fact for clip in clips for fact in facts.get(clip, [])]
                looked = sum(looked_at.get(clip, 0) for clip in clips)
                rows.append(_row(part.split, condition, clips, looked, measured))
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

"""The whole check, from opening to the pictures."""

from collections import Counter, defaultdict
from pathlib import Path

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.progress import progress
from acdepth.data.check.doubting import doubt_cameras, doubt_depth, doubt_motion
from acdepth.data.check.findings import Findings
from acdepth.data.check.inventory import take_inventory
from acdepth.data.check.looking import Place, find_files, places, read_place, spread
from acdepth.data.check.nuscenes import open_nuscenes_parts
from acdepth.data.check.opening import Kind, Part, open_part, refuse_other_kind, refuse_photographs
from acdepth.data.check.plausible import DepthFacts, depth_facts
from acdepth.data.check.report import SHEET_FILE, CheckReport
from acdepth.data.check.sheet import Tile, make_tile, write_sheet
from acdepth.data.choice import EVERYTHING, FootageChoice

SHOWN = 6
"""Frames of each condition on the contact sheet."""


def check_data(
    kind: Kind, root: Path, out: Path, choice: FootageChoice = EVERYTHING, sample: int = 200
) -> CheckReport:
    """Look through a data set and write ``out/check.json`` and ``out/sheet.png``.

    Args:
        kind: what ``root`` should hold.
        root: of the data set.
        out: folder for what is written.
        choice: part of it; without a split all of nuScenes whose tables are there, and all of the others.
        sample: targets whose image and depth are decoded, evenly spread; 0 decodes all.

    Raises:
        UserError: if there is no such folder or split, or it holds another kind of data.
    """
    findings = Findings()
    parts = _open(kind, Path(root), choice, findings)
    doubt_cameras(parts, findings)
    doubt_motion(parts, findings)
    looked_at, facts, tiles = _look(parts, sample, findings)
    doubt_depth(facts, findings)
    inventory = take_inventory(parts, looked_at, facts)
    if tiles:
        write_sheet(out / SHEET_FILE, tiles)
    report = CheckReport(kind, Path(root), inventory, findings.faults, findings.doubts, bool(tiles))
    report.write(out)
    return report


def _open(kind: Kind, root: Path, choice: FootageChoice, findings: Findings) -> list[Part]:
    if not root.is_dir():
        raise UserError(f"--root {root}: no such folder; give the one that holds the data set")
    refuse_other_kind(root, kind)
    if kind == "nuscenes":
        return open_nuscenes_parts(root, choice, findings)
    part = open_part(root, choice, findings)
    refuse_photographs(part, root, kind)
    find_files([part], findings)
    return [part]


def _look(
    parts: list[Part], sample: int, findings: Findings
) -> tuple[Counter[tuple[str, str]], dict[tuple[str, str], list[DepthFacts]], dict[Condition, list[Tile]]]:
    """Decode a sample: how many frames of each sequence, what their depth is like, and pictures of some."""
    targets = places(parts)
    shown = {(place.of, place.index) for place in _shown(targets)}
    chosen = {(place.of, place.index): place for place in spread(targets, sample or len(targets))}
    chosen |= {(place.of, place.index): place for place in targets if (place.of, place.index) in shown}
    looked_at: Counter[tuple[str, str]] = Counter()
    facts: dict[tuple[str, str], list[DepthFacts]] = defaultdict(list)
    tiles: dict[Condition, list[Tile]] = defaultdict(list)
    with progress("look", len(chosen), unit="image") as advance:
        for key, place in chosen.items():
            image, depth = read_place(place, findings)
            looked_at[place.of] += 1
            if depth is not None:
                facts[place.of].append(depth_facts(depth))
            if key in shown:
                tiles[place.sequence.condition].append(make_tile(place, image, depth))
            advance()
    return looked_at, facts, tiles


def _shown(targets: list[Place]) -> list[Place]:
    of_condition: dict[Condition, list[Place]] = defaultdict(list)
    for place in targets:
        of_condition[place.sequence.condition].append(place)
    return [place for some in of_condition.values() for place in spread(some, SHOWN)]

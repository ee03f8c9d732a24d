"""The whole check, from opening to the pictures."""

from collections import Counter, defaultdict
from pathlib import Path

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.progress import progress
from acdepth.core.spread import spread
from acdepth.data.check.clouds import find_clouds, find_scans
from acdepth.data.check.doubting import doubt_cameras, doubt_depth, doubt_motion
from acdepth.data.check.findings import Findings
from acdepth.data.check.inventory import take_inventory
from acdepth.data.check.kinds import Kind, refuse_other_kind
from acdepth.data.check.looking import Place, find_files, places, read_place
from acdepth.data.check.nuscenes import open_nuscenes_parts
from acdepth.data.check.opening import Part, open_parts
from acdepth.data.check.plausible import DepthFacts, depth_facts
from acdepth.data.check.report import SHEET_FILE, CheckReport, refuse_unwritable
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
        choice: part of it; without a split all of it, and each of its splits that is there.
        sample: targets whose image and depth are decoded, evenly spread; 0 decodes all.

    Raises:
        UserError: if there is no such folder or split, it holds another kind of data, or ``out`` cannot be
            written to.
    """
    root, out, findings = Path(root), Path(out), Findings()
    if not root.is_dir():
        raise UserError(f"--root {root}", "no such folder", "give the one that holds the data set")
    refuse_other_kind(root, kind)
    refuse_unwritable(out)
    parts = _open(kind, root, choice, findings)
    doubt_cameras(parts, findings)
    doubt_motion(parts, findings)
    looked_at, facts, tiles = _look(parts, sample, findings)
    doubt_depth(facts, findings)
    inventory = take_inventory(parts, looked_at, facts)
    if tiles:
        write_sheet(out / SHEET_FILE, tiles)
    report = CheckReport(kind, root, inventory, findings.faults, findings.doubts, bool(tiles))
    report.write(out)
    return report


def _open(kind: Kind, root: Path, choice: FootageChoice, findings: Findings) -> list[Part]:
    if kind == "nuscenes":
        return open_nuscenes_parts(root, choice, findings)
    parts = open_parts(root, kind, choice, findings)
    find_files(parts, findings)
    find_clouds(parts, findings)
    find_scans(parts, findings)
    return parts


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
                tiles[place.clip.condition].append(make_tile(place, image, depth))
            advance()
    return looked_at, facts, tiles


def _shown(targets: list[Place]) -> list[Place]:
    of_condition: dict[Condition, list[Place]] = defaultdict(list)
    for place in targets:
        of_condition[place.clip.condition].append(place)
    return [place for some in of_condition.values() for place in spread(some, SHOWN)]

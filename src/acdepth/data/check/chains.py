"""Chains of records in nuScenes' tables: each names the next one of its scene."""

from collections.abc import Mapping
from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.data.check.findings import Findings
from acdepth.data.nuscenes.records import find_rows, read_rows

LINK_ROW = {"token": str, "next": str}


def check_chains(folder: Path, channels: tuple[str, ...], findings: Findings) -> None:
    """Tell chains of samples and of images that run in a circle; other damage is told by who reads tables."""
    samples = read_rows(folder / "sample.json", LINK_ROW, _pass_over)
    shots = find_rows(folder / "sample_data.json", [f"/{name}/" for name in channels], LINK_ROW, _pass_over)
    for table, rows in (("sample", samples), ("sample_data", [row for _, row in shots])):
        for token in circles({row["token"]: row["next"] for row in rows}):
            told = f"following next from record {token} leads back to it"
            findings.fault(UserError(folder / f"{table}.json", told, "copy the file again"))


def circles(next_of: Mapping[str, str]) -> list[str]:
    """One record of each circle."""
    found, walked = [], set()
    for start in next_of:
        here, way = start, set()
        while here in next_of and here not in walked:
            walked.add(here)
            way.add(here)
            here = next_of[here]
        if here in way:
            found.append(here)
    return found


def _pass_over(fault: UserError) -> None:
    """Who reads the tables for their footage has told it."""

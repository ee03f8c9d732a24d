"""Bring what benchmarks measured into docs/performance.md: python benchmarks/tables.py FOLDER

FOLDER holds the JSON files that they wrote, as `make bench` does. A table stands in the page between
``<!-- NAME -->`` and ``<!-- /NAME -->``, where NAME.json has it; the rest of the page stays as it is.
"""

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


def table(found: Mapping[str, Any]) -> list[str]:
    """Its lines; of growth numbers of frames are columns, of all others times and ratios are rows."""
    if "frames" in found:
        return _growth(found["frames"])
    groups = {"": found} if "seconds" in found else found
    lines = []
    for title, group in groups.items():
        if isinstance(group, dict) and "seconds" in group:
            lines += ["", *_times(title, group)] if lines else _times(title, group)
    return lines


def _times(title: str, group: Mapping[str, Any]) -> Iterator[str]:
    yield f"| {title} | ms, median | least | most |"
    yield "|---|---|---|---|"
    slowest_first = sorted(group["seconds"].items(), key=lambda one: -one[1][0])
    for name, seconds in slowest_first:
        yield f"| {name} | " + " | ".join(_number(1000 * value) for value in seconds[:3]) + " |"
    for name, ratio in group["ratios"].items():
        yield f"| *{name}* | **{ratio:.2f}** | | |"


def _growth(frames: Mapping[str, Mapping[str, float]]) -> list[str]:
    counts = sorted(frames, key=int)
    lines = ["| frames | " + " | ".join(f"{int(count):,}" for count in counts) + " |"]
    lines.append("|---|" + "---|" * len(counts))
    for name in frames[counts[0]]:
        lines.append(f"| {name} | " + " | ".join(_number(frames[one][name]) for one in counts) + " |")
    return lines


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def brought(page: str, folder: Path) -> str:
    """The page with the tables of the JSON files in a folder.

    Raises:
        ValueError: if a file has no place in the page.
    """
    for file in sorted(folder.glob("*.json")):
        name, found = file.stem, json.loads(file.read_text())
        made = found["made_by"]
        where = f"{made['device']}, {made.get('cores', 'all')} cores"
        told = f"*{where}, torch {made['torch']}, commit {made['commit'][:7]}.*"
        lines = "\n".join([f"<!-- {name} -->", told, "", *table(found), f"<!-- /{name} -->"])
        place = re.compile(rf"<!-- {name} -->.*?<!-- /{name} -->", re.DOTALL)
        if not place.search(page):
            raise ValueError(f"{file.name} has no place <!-- {name} --> in the page")
        page = place.sub(lambda _, lines=lines: lines, page)
    return page


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    PAGE.write_text(brought(PAGE.read_text(), given.folder))


if __name__ == "__main__":
    main()

"""Pairs of points of which somebody knows which is closer: truth for images without measured depth."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields, replace
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Any

from acdepth.core.errors import UserError
from acdepth.core.files import read_json, write_text
from acdepth.core.texts import as_cell, from_cell, read_text


class Relation(StrEnum):
    """How the first point's depth stands to the second's; the value is what files say."""

    CLOSER = "closer"
    FARTHER = "farther"
    SAME = "same"


@dataclass(frozen=True)
class PointPair:
    """Two points of one image. Pixel (0, 0) is the centre of the top left one."""

    image: str
    """Name of the image in its data set."""
    x1: float
    """Column of the first point [px]."""
    y1: float
    """Row of the first point [px]."""
    x2: float
    """Column of the second point [px]."""
    y2: float
    """Row of the second point [px]."""
    relation: Relation


COLUMNS = tuple(field.name for field in fields(PointPair))
DA2K_PAIR = '{"point1": [row, column], "point2": [row, column], "closer_point": "point1"}'


def read_pairs(path: Path) -> list[PointPair]:
    """Read a CSV file with the columns of `PointPair`, or JSON in the layout of DA-2K's annotations.

    That is a list of pairs like `DA2K_PAIR` by image (Yang et al., Depth Anything V2, NeurIPS 2024).

    Raises:
        UserError: naming the line or the image that is not understood, or if there are no pairs.
    """
    pairs = list(_from_json(path) if path.suffix.lower() == ".json" else _from_csv(path))
    if not pairs:
        raise UserError(path, "holds no pairs", f"write lines of {','.join(COLUMNS)}")
    return pairs


def write_pairs(path: Path, pairs: Iterable[PointPair]) -> None:
    """Write CSV."""
    text = StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(astuple(replace(pair, image=as_cell(pair.image))) for pair in pairs)
    write_text(path, text.getvalue())


def _from_csv(path: Path) -> Iterator[PointPair]:
    try:
        text = read_text(path)
    except FileNotFoundError as error:
        raise UserError(path, "no such file", "acdepth data pairs makes one from measured depth") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(path, f"not readable as text ({error})") from error
    reader = csv.reader(StringIO(text, newline=""), skipinitialspace=True, strict=True)
    try:
        header = next(reader, [])
        if sorted(header) != sorted(COLUMNS):
            raise UserError(path, f"its first line must name {','.join(COLUMNS)}, not {','.join(header)!r}")
        for row in reader:
            if row:
                where = f"{path}, line {reader.line_num}"
                if len(row) != len(header):
                    raise UserError(where, f"has {len(row)} values, not {len(header)}")
                yield _parsed(dict(zip(header, row, strict=True)), where)
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}", f"not readable as CSV ({error})") from error


def _from_json(path: Path) -> Iterator[PointPair]:
    content = read_json(path)
    if not isinstance(content, dict):
        raise UserError(path, "must be an object of lists by image, as DA-2K's annotations.json is")
    for image, entries in content.items():
        if not isinstance(entries, list):
            raise UserError(f"{path}, {image}", "must be a list of pairs")
        for number, entry in enumerate(entries, start=1):
            yield _parsed(_from_entry(image, entry, f"{path}, {image}, pair {number}"), f"{path}, {image}")


def _from_entry(image: str, entry: Any, where: str) -> dict[str, Any]:
    """The columns of one pair of DA-2K's."""
    try:
        (y1, x1), (y2, x2) = entry["point1"], entry["point2"]
        closer = {"point1": Relation.CLOSER, "point2": Relation.FARTHER}[entry["closer_point"]]
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(where, "no pair", f"it must be like {DA2K_PAIR}") from error
    return {"image": image, "x1": x1, "y1": y1, "x2": x2, "y2": y2, "relation": closer}


def _parsed(values: dict[str, Any], where: str) -> PointPair:
    try:
        x1, y1, x2, y2 = (float(values[name]) for name in ("x1", "y1", "x2", "y2"))
        relation = Relation(values["relation"])
    except (KeyError, TypeError, ValueError) as error:
        remedy = f"write {','.join(COLUMNS)} with {', '.join(Relation)} as relation"
        raise UserError(where, f"no pair ({error})", remedy) from error
    image = from_cell(str(values["image"])).replace("\\", "/").removeprefix("./")
    if not all(0 <= place < float("inf") for place in (x1, y1, x2, y2)) or not image:
        raise UserError(where, f"({x1:g}, {y1:g}) and ({x2:g}, {y2:g}) are no points of an image")
    return PointPair(image, x1, y1, x2, y2, relation)

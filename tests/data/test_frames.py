"""The columns about prepared frames."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import read_object, write_json
from acdepth.data import Prepared, open_data, prepare, prepared
from acdepth.data.frames import Frames
from tests.data.folders import write_drive
from tests.data.rows import counting, rows

SIZE = (12, 20)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("made")
    write_drive(folder / "data" / "naß", count=4, condition="rain")
    (write_drive(folder / "data" / "b", count=3) / "motion.csv").unlink()
    return prepare(open_data(folder / "data"), folder / "out", SIZE)


def test_opening_maps_the_columns_and_reads_none(made: Prepared) -> None:
    columns = {one.name: getattr(Prepared.open(made.folder).frames, one.name) for one in fields(Frames)}
    assert all(type(column) is np.memmap for column in columns.values())
    assert len(columns["clip"]) == len(columns["speed"]) == 7 and len(columns["clip_condition"]) == 2
    assert type(Prepared.open(made.folder).images) is np.memmap


def test_the_index_is_parsed_once(made: Prepared, monkeypatch) -> None:
    parsed: list[Path] = []
    monkeypatch.setattr(prepared, "read_object", lambda path: parsed.append(path) or read_object(path))
    again = prepare(open_data(made.folder.parent / "data"), made.folder, SIZE)
    assert parsed == [made.folder / "index.json"] and again.made_from == made.made_from


def test_rows_say_what_the_footage_says(made: Prepared) -> None:
    found = rows(made.frames)
    assert [row.key for row in found[2:5]] == [
        "b/images/000002.png",
        "naß/images/000000.png",
        "naß/images/000001.png",
    ]
    assert [(row.clip, row.position) for row in found[2:5]] == [("b", 2), ("naß", 0), ("naß", 1)]
    assert found[0].condition is Condition.CLEAR and found[6].condition is Condition.RAIN
    assert made.frames.conditions() == [Condition.CLEAR, Condition.RAIN]
    assert made.frames.targets_of(Condition.RAIN).tolist() == [3, 4, 5, 6]
    assert (found[1].distance_to_next, found[1].speed) == (None, None)
    assert found[4].distance_to_previous == pytest.approx(1) and found[-1].distance_to_next is None
    assert found[4].source_size == (24, 40) and found[4].target is True
    assert made.frames.brightness.tolist() == [image.mean() for image in made.images]


def test_some_rows_stay_what_they_were(made: Prepared) -> None:
    before = rows(made.frames)
    taken = made.frames.take(np.array([0, 2, 5]))
    assert rows(taken) == [before[0], before[2], before[5]]
    assert not made.frames.has_same_keys(taken) and taken.has_same_keys(replace(taken, speed=taken.speed * 2))
    assert taken.has_neighbour(1).tolist() == taken.has_neighbour(-1).tolist() == [False] * 3
    assert made.frames.has_neighbour(-1).tolist() == [False, True, True, False, True, True, True]


@pytest.mark.parametrize("left", [None, 150])
def test_a_column_that_is_missing_or_cut_is_one_line(tmp_path: Path, left: int | None) -> None:
    made = prepare(open_data(write_drive(tmp_path / "drive")), tmp_path / "out", SIZE)
    column = tmp_path / "out" / "frames" / "speed.npy"
    content = column.read_bytes()
    column.unlink()
    if left:
        column.write_bytes(content[:left])
    with pytest.raises(
        UserError,
        match=r"speed\.npy: (no such file|not readable as a NumPy array .*); delete .*out, it will be",
    ):
        Prepared.open(made.folder)


def test_an_older_folder_is_not_opened_but_made_again(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / "drive")
    made = prepare(open_data(drive), tmp_path / "out", SIZE)
    older = {**read_object(made.folder / "index.json"), "format": 3, "frames": []}
    write_json(made.folder / "index.json", older)
    with pytest.raises(UserError, match="written by another version; delete it, it will be made again"):
        Prepared.open(made.folder)
    with counting() as decoded:
        prepare(open_data(drive), tmp_path / "out", SIZE)
    assert len(decoded) == len(Prepared.open(made.folder)) == 6

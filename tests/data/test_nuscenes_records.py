"""nuScenes' tables searched in place: the same records as parsing all, and each fault told once."""

import json
from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.data.nuscenes import records
from acdepth.data.nuscenes.records import find_records, find_rows, parse, read_rows

TYPES = {"token": str, "filename": str, "number": int}
ROWS = [
    {
        "token": f"t{number}",
        "filename": f"{'ab'[number % 2]}/{number}.jpg",
        "number": number,
        "more": [number],
    }
    for number in range(40)
]


@pytest.fixture(params=[64, 1 << 19], autouse=True)
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that hold less than a record, and the whole table."""
    monkeypatch.setattr(records, "_BLOCK", request.param)


@pytest.fixture(params=[None, 0, 2], ids=["one line", "lines", "indented"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "table.json"
    path.write_text(json.dumps(ROWS, indent=request.param) + "\n")
    return path


class Faults(list[str]):
    def __call__(self, error: UserError) -> None:
        self.append(str(error))


def test_rows_with_a_text_are_found_wherever_blocks_end(table: Path):
    faults = Faults()
    found = list(find_rows(table, ["a/", "/3."], {**TYPES}, faults))
    assert sorted(row["number"] for name, row in found if name == "a/") == list(range(0, 40, 2))
    assert [row for name, row in found if name == "/3."] == [ROWS[3]]
    assert faults == []


def test_records_are_found_by_token_and_stay_unparsed(table: Path):
    faults = Faults()
    found = find_records(table, {b"t0", b"t7", b"t39", b"none"}, faults)
    assert {name: json.loads(record) for name, record in found.items()} == {
        name: ROWS[int(name[1:])] for name in ("t0", "t7", "t39")
    }
    assert faults == []


def test_records_are_found_where_some_have_no_token_or_two(tmp_path: Path):
    path, faults = tmp_path / "table.json", Faults()
    path.write_text('[{"a": 1}, {"token": "x", "n": 1}, {"b": "\\"token\\": "}, {"token" : "y", "n": 2}]')
    found = find_records(path, {b"x", b"y", b""}, faults)
    assert {name: json.loads(record) for name, record in found.items() if name} == {
        "x": {"token": "x", "n": 1},
        "y": {"token": "y", "n": 2},
    }


def test_a_small_table_gives_its_whole_records_and_tells_the_others(tmp_path: Path):
    path, faults = tmp_path / "table.json", Faults()
    bad = [
        {"token": "u", "filename": "c", "number": "4"},
        {"filename": "d", "number": 1},
        {"timestamp": 5},
        7,
        ROWS[1],
    ]
    path.write_text(json.dumps([*ROWS[:2], *bad, {**ROWS[5], "number": True}, ROWS[2]]))
    assert read_rows(path, TYPES, faults) == [ROWS[0], ROWS[1], ROWS[2]]
    assert faults == [
        f"{path}: {what}; copy the file again"
        for what in (
            "record u has '4' as number",
            "record d has no token",
            "record 5 has no token",
            "record ? has no token",
            "has record t1 twice",
            "record t5 has True as number",
        )
    ]


def test_after_a_hundred_faults_the_rest_of_a_table_is_not_read(tmp_path: Path):
    path, faults = tmp_path / "table.json", Faults()
    path.write_text(json.dumps([ROWS[0], *([7] * 150), ROWS[1]]))
    assert read_rows(path, TYPES, faults) == [ROWS[0]]
    last = f"{path}: has more than 100 records at fault; the rest is not read; copy the file again"
    assert len(faults) == 101 and faults[-1] == last
    path.write_text(", ".join(["[" + json.dumps(ROWS[0]), *([json.dumps(ROWS[2])] * 150)]) + "]")
    faults.clear()
    assert [row for _, row in find_rows(path, ["a/"], TYPES, faults)] == [ROWS[0], ROWS[2]]
    assert len(faults) == 101 and faults[-1] == last


def test_a_long_table_tells_damaged_and_doubled_records(tmp_path: Path):
    path, faults = tmp_path / "table.json", Faults()
    good = [json.dumps(row) for row in (ROWS[0], ROWS[2], ROWS[0], ROWS[4])]
    path.write_text(f"[{good[0]}, {good[1].replace(': 2,', ': ,')}, {good[2]}, {good[3]}]")
    found = [row for _, row in find_rows(path, ["a/"], TYPES, faults)]
    assert found == [ROWS[0], ROWS[4]]
    assert faults[0].startswith(f"{path}: record t2 is no JSON (") and faults[1:] == [
        f"{path}: has record t0 twice; copy the file again"
    ]
    faults.clear()
    assert set(find_records(path, {b"t0", b"t2"}, faults)) == {"t0", "t2"}
    assert faults == [f"{path}: has record t0 twice; copy the file again"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'[{"token": "t0"}', "breaks off before its end; copy it again"),
        (b'[{"token": "t0"}, {"tok', "breaks off before its end; copy it again"),
        (None, "cannot be read (No such file or directory); unpack the metadata again"),
    ],
)
def test_a_long_table_that_is_cut_or_missing_is_told(tmp_path: Path, content: bytes | None, told: str):
    path, faults = tmp_path / "table.json", Faults()
    if content is not None:
        path.write_bytes(content)
    found = find_records(path, {b"t0"}, faults)
    assert list(found) == ([] if content is None else ["t0"])
    assert faults == [f"{path}: {told}"]


@pytest.mark.parametrize("content", [b"{}", b'{"token": "t0", "name": "a"}', b"[", b"\xff"])
def test_a_small_table_that_is_none_is_told(tmp_path: Path, content: bytes):
    path, faults = tmp_path / "table.json", Faults()
    path.write_bytes(content)
    assert read_rows(path, TYPES, faults) == []
    (fault,) = faults
    assert fault.startswith(f"{path}: not readable as a nuScenes table (")
    assert fault.endswith("; unpack the metadata again")


def test_a_damaged_record_is_named_by_its_token(tmp_path: Path):
    assert parse(b'{"token": "a"}', tmp_path) == {"token": "a"}
    with pytest.raises(UserError, match="record a is no JSON"):
        parse(b'{"token": "a", }', tmp_path)
    with pytest.raises(UserError, match="a record is no JSON"):
        parse(b"{", tmp_path)

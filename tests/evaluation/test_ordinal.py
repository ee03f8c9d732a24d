"""Pairs of points: what models say of them against who knows, and what is said about the numbers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.share import Share
from acdepth.evaluation.ordinal import LOWER_IS_CLOSER, AskedFrame, PairRow, order_pairs
from acdepth.evaluation.ordinal_results import summarise_pairs
from acdepth.evaluation.pairs import PointPair, Relation, read_pairs, write_pairs
from acdepth.evaluation.predict import Model
from acdepth.evaluation.protocols import Protocol, Window, find_protocol
from acdepth.evaluation.schema import PairsFile
from tests.evaluation.footage import HEIGHT, WIDTH, Drive, constant, model
from tests.shares import together

WHOLE = find_protocol("world-80m")
FILE = PairsFile(path="pairs.csv", sha256="", found=0, scored=0)


def pair(first: tuple[int, int], second: tuple[int, int], relation: str = "closer") -> PointPair:
    """Points as (row, column)."""
    return PointPair("a", first[1], first[0], second[1], second[0], Relation(relation))


def columns(factor: float = 1.0) -> Model:
    """A model whose depth grows from left to right, by 100 m over the image, beyond every clamp."""
    metres = factor * (1 + 100 * torch.linspace(0, 1, WIDTH).expand(HEIGHT, WIDTH))
    return model("columns", lambda image, night: (1 / metres).expand(len(image), 1, -1, -1))


def asked(*pairs: PointPair, name: str = "a", condition: Condition = Condition.CLEAR) -> AskedFrame:
    return AskedFrame(Drive(name, [None], condition), 0, pairs)


def rights(rows: list[PairRow], model: str) -> list[float]:
    return [row.right for row in rows if row.model == model]


def test_the_order_is_read_at_the_points_whatever_the_scale_and_beyond_the_clamp() -> None:
    pairs = [
        pair((5, 10), (5, 40)),
        pair((5, 40), (5, 10)),
        pair((5, 40), (5, 10), "farther"),
        pair((5, 60), (5, 63)),  # 96 and 101 m, both beyond the protocol's 80
        pair((5, 40), (5, 10), "same"),
    ]
    for factor in (1.0, 0.01, 50.0):
        rows = order_pairs([columns(factor)], [asked(*pairs)], WHOLE)
        assert rights(rows, "columns") == pytest.approx([1, 0, 1, 1, np.nan], nan_ok=True)
        expected = (1 + 100 * 10 / 63) / (1 + 100 * 40 / 63)
        assert rows[0].ratio == pytest.approx(expected, rel=1e-5)


def test_the_order_is_read_in_the_points_own_rows() -> None:
    metres = 1 + 3.0 * torch.arange(HEIGHT)[:, None].expand(HEIGHT, WIDTH)
    rows_of = model("rows", lambda image, night: (1 / metres).expand(len(image), 1, -1, -1))
    rows = order_pairs([rows_of], [asked(pair((4, 10), (21, 10)), pair((21, 9), (20, 50)))], WHOLE)
    assert rows[0].ratio == pytest.approx(13 / 64, rel=1e-5)
    assert rows[1].ratio == pytest.approx(64 / 61, rel=1e-5)


def test_who_says_the_same_of_everything_and_the_rule_of_rows_are_known_numbers() -> None:
    pairs = [pair((20, 5), (10, 5)), pair((10, 5), (20, 5)), pair((10, 5), (10, 9))]
    rows = order_pairs([constant("flat", 7.0)], [asked(*pairs)], WHOLE)
    assert rights(rows, "flat") == [0.5, 0.5, 0.5]
    assert rights(rows, LOWER_IS_CLOSER) == [1, 0, 0.5]


def test_whdr_calls_depths_within_three_per_cent_the_same() -> None:
    def disagrees(ratio: float, relation: str) -> float:
        return PairRow("m", "s", "k", Condition.CLEAR, Relation(relation), ratio).disagrees

    assert [disagrees(ratio, "same") for ratio in (1.02, 0.98, 1.04, 0.96)] == [0, 0, 1, 1]
    assert [disagrees(ratio, "closer") for ratio in (0.9, 0.98, 1.1)] == [0, 1, 1]
    assert [disagrees(ratio, "farther") for ratio in (1.1, 1.02, 0.9)] == [0, 1, 1]


def test_pairs_outside_of_what_the_protocol_shows_are_passed_over_and_others_move_along() -> None:
    window = Protocol(name="part", input_window=Window(top=0.25, left=0.5))
    pairs = [pair((20, 40), (20, 60)), pair((20, 5), (20, 40)), pair((3, 40), (20, 50), "farther")]
    rows = order_pairs([columns()], [asked(*pairs)], window)
    assert rights(rows, "columns") == [1.0]
    # The model sees the right half stretched to its size, and says of it what it says of a whole image.
    assert rows[0].ratio == pytest.approx((1 + 100 * 8 / 31) / (1 + 100 * 28 / 31), rel=1e-4)
    with pytest.raises(UserError, match="no pair lies within the part"):
        order_pairs([columns()], [asked(pairs[1])], window)


def test_a_window_shows_the_points_on_its_first_and_last_pixels_and_none_beyond() -> None:
    window = Protocol(name="part", input_window=Window(top=0.25, bottom=0.75, left=0.25, right=0.625))
    within = pair((8, 16), (23, 39))
    beyond = [pair((7, 16), (23, 39)), pair((8, 15), (23, 39)), pair((8, 16), (24, 39))]
    for outside in (*beyond, pair((8, 16), (23, 40)), pair((23, 40), (8, 16))):
        rows = order_pairs([columns()], [asked(outside, within, name="b", condition=Condition.FOG)], window)
        assert [(row.model, row.clip, row.condition, row.key) for row in rows] == [
            (name, "b", Condition.FOG, "b/images/000000.png") for name in ("columns", LOWER_IS_CLOSER)
        ]
    # The first and the last column of what the model sees are its nearest and farthest, each below the other.
    assert rows[0].ratio == pytest.approx(1 / 101, rel=0.2) and rows[1].ratio == 2.0


def test_several_processes_ask_for_what_one_does() -> None:
    frames = [asked(pair((5, 10 + n), (6, 40)), pair((5, 60), (4, n)), name=f"{n}") for n in (3, 1, 4, 2, 5)]
    alone = order_pairs([columns(), constant("flat", 7.0)], frames, WHOLE, batch_size=2)
    assert [row.clip for row in alone[:4]] == ["3", "3", "1", "1"]
    assert order_pairs([columns(), constant("flat", 7.0)], frames, WHOLE) == alone

    def asked_by(share: Share) -> list[PairRow]:
        return order_pairs([columns(), constant("flat", 7.0)], frames, WHOLE, batch_size=1, share=share)

    for found in together(2, asked_by):
        assert found == alone


def test_a_point_outside_of_its_image_stops() -> None:
    with pytest.raises(UserError, match=r"a: point \(70, 5\) lies outside its 64x32 pixels"):
        order_pairs([columns()], [asked(pair((5, 10), (5, 70)))], WHOLE)
    for outside in (pair((HEIGHT, 3), (5, 4)), pair((5, 4), (3, WIDTH))):
        with pytest.raises(UserError, match="lies outside"):
            order_pairs([columns()], [asked(outside)], WHOLE)
    assert order_pairs([columns()], [asked(pair((HEIGHT - 1, 3), (5, WIDTH - 1)))], WHOLE)


def test_unreadable_images_are_told_and_many_of_them_stop() -> None:
    frames = [asked(pair((5, 10), (5, 40)), name=f"{n}") for n in range(100)]
    bad = AskedFrame(Drive("bad", [None], unreadable=(0,)), 0, (pair((5, 10), (5, 40)),))
    told: list[str] = []
    rows = order_pairs([columns()], [*frames, bad], WHOLE, on_warning=told.append)
    assert len(rows) == 200 and "bad/images/000000.png" in told[0]
    with pytest.raises(UserError, match="1 of 2 frames cannot be read"):
        order_pairs([columns()], [frames[0], bad], WHOLE)


def make_rows(model: str, clip: str, rights: list[bool], condition: Condition) -> list[PairRow]:
    return [
        PairRow(model, clip, f"{clip}/{n // 2}", condition, Relation.CLOSER, 0.5 if right else 2.0)
        for n, right in enumerate(rights)
    ]


def test_parts_are_of_pairs_and_intervals_of_drives() -> None:
    night, rain = Condition.NIGHT, Condition.NIGHT_RAIN
    rows = make_rows("a", "s", [True] * 6, night) + make_rows("a", "t", [True, False], rain)
    rows += make_rows("b", "s", [True] * 3 + [False] * 3, night) + make_rows("b", "t", [False, False], rain)
    rows += make_rows(LOWER_IS_CLOSER, "s", [True] * 6, night)
    rows += make_rows(LOWER_IS_CLOSER, "t", [True, False], rain)
    found = summarise_pairs(rows, find_protocol("nuscenes-80m"), FILE).to_dict()
    cell = found["models"]["a"]["night"]
    assert (cell["pairs"], cell["images"], cell["sequences"], cell["interval_over"]) == (8, 4, 2, "sequences")
    assert cell["accuracy"] == {"mean": 0.875, "low": None, "high": None} and "whdr" not in cell
    rainy = found["models"]["a"]["rain"]  # night-rain counts under both
    assert rainy["pairs"] == 2 and rainy["interval_over"] == "images"
    change = found["comparisons"]["b vs a"]["night"]["accuracy"]
    assert change == {"mean": -0.5, "low": None, "high": None}  # the same in both drives, which are too few
    assert set(found["models"]) == {"a", "b"} and found["reference"][LOWER_IS_CLOSER]["night"]["pairs"] == 8
    assert summarise_pairs(rows, find_protocol("nuscenes-80m"), FILE, 0, [rain]).models["a"] == {}


@pytest.mark.parametrize("drives", [5, 6])
def test_intervals_need_six_drives(drives: int) -> None:
    rows = [
        row
        for model in ("a", "b", LOWER_IS_CLOSER)
        for drive in range(drives)
        for row in make_rows(model, f"{drive}", [model == "a", drive > 1], Condition.CLEAR)
    ]
    found = summarise_pairs(rows, WHOLE, FILE).to_dict()
    change = found["comparisons"]["b vs a"]["clear"]["accuracy"]
    assert change["mean"] == -0.5 and (change["low"] is None) == (drives < 6)
    ends = found["models"]["a"]["clear"]["accuracy"]
    assert (None in ends.values()) == (drives < 6) and (drives < 6 or ends["low"] < ends["mean"])


def test_whdr_is_there_where_the_truth_has_ties() -> None:
    rows = make_rows("a", "s", [True, False], Condition.CLEAR)
    rows += [PairRow("a", "t", "t/0", Condition.CLEAR, Relation.SAME, ratio) for ratio in (1.01, 1.5)]
    ruled = [replace(row, model=LOWER_IS_CLOSER) for row in rows]
    cell = summarise_pairs([*rows, *ruled], WHOLE, FILE).to_dict()["models"]["a"]["clear"]
    assert (cell["same"], cell["accuracy"]["mean"], cell["whdr"]["mean"]) == (2, 0.5, 0.5)


def test_files_come_back_as_they_were_and_da2k_is_read(tmp_path: Path) -> None:
    pairs = [pair((1, 2), (3, 4)), PointPair('b,"c".png', 0.5, 1, 2, 3, Relation.SAME)]
    write_pairs(tmp_path / "pairs.csv", pairs)
    assert read_pairs(tmp_path / "pairs.csv") == pairs
    entry = {"point1": [1, 2], "point2": [3, 4], "closer_point": "point1"}
    content = {"./images/a.png": [entry, {**entry, "closer_point": "point2"}], "b.png": []}
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    assert read_pairs(tmp_path / "annotations.json") == [
        PointPair("images/a.png", 2, 1, 4, 3, Relation.CLOSER),
        PointPair("images/a.png", 2, 1, 4, 3, Relation.FARTHER),
    ]


HEADER = "image,x1,y1,x2,y2,relation\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.csv", "a,b\n", "its first line must name image,x1,y1,x2,y2,relation, not 'a,b'"),
        ("p.csv", HEADER, "holds no pairs"),
        ("p.csv", HEADER + "a,1,2,3,4\n", "line 2: has 5 values, not 6"),
        ("p.csv", HEADER + "\na,1,2,3,4,nearer\n", "line 3: no pair .*nearer"),
        ("p.csv", HEADER + "a,1,2,x,4,closer\n", "line 2: no pair"),
        ("p.csv", HEADER + "a,1,2,-3,4,closer\n", "line 2: .* are no points of an image"),
        ("p.csv", HEADER + "a,1,2,nan,4,closer\n", "line 2: .* are no points of an image"),
        ("p.json", "[]", "must be an object of lists by image"),
        ("p.json", '{"a": {}}', "a: must be a list of pairs"),
        (
            "p.json",
            '{"a": [{"point1": [1, 2], "point2": [3], "closer_point": "point1"}]}',
            "a, pair 1: no pair",
        ),
        (
            "p.json",
            '{"a": [{"point1": [1, 2], "point2": [3, 4], "closer_point": "x"}]}',
            "a, pair 1: no pair",
        ),
        ("p.json", "{", "not readable as JSON"),
    ],
)
def test_a_broken_file_is_named_with_its_place(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=message):
        read_pairs(tmp_path / name)
    with pytest.raises(UserError, match="no such file"):
        read_pairs(tmp_path / f"other_{name}")

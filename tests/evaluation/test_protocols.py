"""What protocols fix, against the numbers of who made them."""

from typing import NamedTuple

import pytest

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.evaluation.protocols import GARG, MANYDEPTH, PROTOCOLS, Protocol, Window, find_protocol


class Row(NamedTuple):
    model: str
    condition: Condition
    number: int


def test_windows_are_the_published_pixels():
    # As Eigen's evaluation and ManyDepth's write them, for images of the usual size.
    assert GARG.slices(375, 1242) == (slice(153, 371), slice(44, 1197))
    assert MANYDEPTH.slices(768, 2048) == (slice(256, 768), slice(192, 1856))
    assert Window(bottom=0.8).slices(960, 1280) == (slice(0, 768), slice(0, 1280))
    assert Window(top=0.5, left=0.5).slices(3, 5) == (slice(1, 3), slice(2, 5))


def test_ranges_and_windows_of_each_protocol():
    ranges = {name: (one.min_depth, one.max_depth) for name, one in PROTOCOLS.items()}
    assert ranges == {
        "nuscenes-80m": (0.1, 80),
        "robotcar-50m": (0.1, 50),
        "kitti-eigen-80m": (1e-3, 80),
        "cityscapes-80m": (1e-3, 80),
        "world-80m": (0.1, 80),
        "own": (0.1, 80),
    }
    shown = {name: one.input_window.bottom for name, one in PROTOCOLS.items()}
    assert {name: bottom for name, bottom in shown.items() if bottom < 1} == {
        "robotcar-50m": 0.8,
        "cityscapes-80m": 0.75,
    }
    assert all(one.alignment == "none" and not one.flip for one in PROTOCOLS.values())
    assert not any(one.condition_known for one in PROTOCOLS.values())
    windows = {name: one.scored_window for name, one in PROTOCOLS.items() if one.scored_window != Window()}
    assert windows == {"kitti-eigen-80m": GARG, "cityscapes-80m": MANYDEPTH}
    assert all(PROTOCOLS[name].name == name and find_protocol(name) is PROTOCOLS[name] for name in PROTOCOLS)


def test_an_unknown_protocol_is_refused_with_those_there_are():
    with pytest.raises(UserError, match=r"^protocol 'kitti' is unknown; choose from nuscenes-80m, .*, own$"):
        find_protocol("kitti")


def test_what_stands_beside_a_table():
    assert Protocol(name="plain").facts() == [
        "protocol plain",
        "depth 0.1 to 80 m",
        "images and measurement: all",
        "scored: all",
        "alignment none (metric)",
        "condition unknown to the model",
        "not averaged with the mirror image's prediction",
        "images stretched to the network's size",
        "metres as predicted",
        "enlarged as depth",
        "night-rain counted on its own",
        "mean over images",
    ]
    other = Protocol(
        name="other",
        min_depth=1e-3,
        max_depth=50,
        input_window=Window(bottom=0.8),
        scored_window=Window(top=1 / 3, left=0.25, right=0.75),
        alignment="median",
        flip=True,
        condition_known=True,
        night_rain_in_both=True,
        keep_aspect=True,
        focal_rescale=True,
        enlarge="inverse_depth",
    )
    assert other.facts() == [
        "protocol other",
        "depth 0.001 to 50 m",
        "images and measurement: 0 to 80 % of the rows, all of the columns",
        "scored: 33.3 to 100 % of the rows, 25 to 75 % of the columns",
        "alignment median (each image scaled by its measurement: not metric)",
        "condition known to the model",
        "averaged with the mirror image's prediction",
        "images keep their aspect",
        "metres rescaled by focal length where cameras are known",
        "enlarged as inverse depth",
        "night-rain counted in both night and rain",
        "mean over images",
    ]


def test_rows_are_grouped_by_model_and_by_what_they_count_under():
    rows = [
        Row("b", Condition.NIGHT_RAIN, 0),
        Row("a", Condition.CLEAR, 1),
        Row("b", Condition.NIGHT, 2),
        Row("b", Condition.CLEAR, 3),
        Row("c", Condition.FOG, 4),
    ]
    told = (Condition.RAIN, Condition.NIGHT, Condition.CLEAR, Condition.NIGHT_RAIN)
    alone = Protocol(name="alone").group(rows, told)
    both = Protocol(name="both", night_rain_in_both=True).group(rows, told)
    assert alone == {
        "b": {"clear": [rows[3]], "night": [rows[2]], "night-rain": [rows[0]]},
        "a": {"clear": [rows[1]]},
        "c": {},
    }
    assert both["b"] == {"clear": [rows[3]], "night": [rows[0], rows[2]], "rain": [rows[0]]}
    assert list(alone) == ["b", "a", "c"] and list(both["b"]) == ["clear", "night", "rain"]

import json
from pathlib import Path

import numpy as np
import pytest

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.evaluation.bootstrap import bootstrap_means
from acdepth.evaluation.measured import read_measured
from acdepth.evaluation.metrics import METRICS
from acdepth.evaluation.protocols import find_protocol
from acdepth.evaluation.repeats import paired_changes
from acdepth.evaluation.results import describe_data, summarise
from acdepth.evaluation.schema import (
    Checkpoint,
    FrameRow,
    Sparsification,
    read_rows,
    write_results,
    write_rows,
)
from acdepth.inference.hub.model_card import COLUMNS
from tests.evaluation.footage import HEIGHT, WIDTH, Drive

WORLD = find_protocol("world-80m")


def row(model: str, town: int, value: float, condition: Condition = Condition.NIGHT, car: bool = True):
    metrics = dict.fromkeys(METRICS, value)
    return FrameRow(
        model=model,
        sequence=f"town_{town}/{condition}",
        key=f"town_{town}/{condition}/0.png",
        index=0,
        condition=condition,
        metrics=metrics,
        classes={"road": metrics, "car": metrics} if car else {"road": metrics},
    )


ROWS = [
    row("teacher", 0, 0.2),
    row("teacher", 1, 0.4, car=False),
    row("student", 0, 0.1),
    row("student", 1, 0.2, car=False),
]


def test_means_intervals_and_classes_of_each_condition():
    results = summarise(ROWS, WORLD).to_dict()
    assert results["model_order"] == ["teacher", "student"]
    night = results["models"]["teacher"]["night"]
    assert (night["images"], night["sequences"]) == (2, 2)
    for metric in METRICS:
        assert night[metric] == {"mean": 0.3, "low": 0.2, "high": 0.4}
    assert night["classes"]["road"]["images"] == 2
    assert night["classes"]["car"]["images"] == 1
    assert night["classes"]["car"]["d1"] == {"mean": 0.2, "low": None, "high": None}


def test_a_model_card_is_told_the_means_of_one_model(tmp_path):
    write_results(tmp_path / "results.json", summarise(ROWS, WORLD))
    told = read_measured(tmp_path)
    scores = {"images": 2, **dict.fromkeys(COLUMNS, 0.15)}
    assert told.conditions == {Condition.NIGHT: scores} and told.sha256 is None
    assert told.protocol.startswith("protocol world-80m, ") and "alignment none" in told.protocol
    assert read_measured(tmp_path / "results.json", "teacher", "me/towns").dataset == "me/towns"
    with pytest.raises(UserError, match="has no results of 'other'; there are teacher, student"):
        read_measured(tmp_path, "other")


def test_a_model_card_is_told_the_weights_and_the_data_of_its_model(tmp_path):
    data = describe_data(Path("towns"), None, None, [])
    checkpoints = {"teacher": Checkpoint(sha256="1" * 64, metric=True), "student": Checkpoint(metric=True)}
    write_results(tmp_path / "results.json", summarise(ROWS, WORLD, data=data, checkpoints=checkpoints))
    told = read_measured(tmp_path, "teacher")
    assert (told.dataset, told.sha256) == ("towns", "1" * 64)
    assert told.protocol == ", ".join(WORLD.facts())
    assert read_measured(tmp_path, "student").sha256 is None
    write_results(tmp_path / "results.json", summarise(ROWS, WORLD))
    assert read_measured(tmp_path).dataset == "data that was not recorded"


def test_comparison_is_relative_to_the_first_model_on_the_same_frames_of_the_same_draw():
    def change(rows: list[FrameRow]) -> dict[str, float]:
        return summarise(rows, WORLD).to_dict()["comparisons"]["student vs teacher"]["night"]["abs_rel"]

    # Half in either town is half in every draw.
    assert change(ROWS) == {"relative_change": -0.5, "low": -0.5, "high": -0.5}
    # 0.1 less in both towns: twice the easy one is 0.1 of 0.2, twice the hard one 0.1 of 0.4.
    found = change([*ROWS[:3], row("student", 1, 0.3)])
    assert found == {"relative_change": pytest.approx(-1 / 3, abs=1e-5), "low": -0.5, "high": -0.25}


def test_intervals_are_of_the_seeds_own_draws():
    """Of the same towns for every model, so that models may be compared; another seed draws others."""
    values = np.random.default_rng(0).uniform(0.1, 0.5, (2, 9))
    rows = [row(name, town, values[n, town]) for n, name in enumerate("ab") for town in range(9)]
    found = summarise(rows, WORLD, seed=3).to_dict()
    for number, model in enumerate("ab"):
        (expected,) = bootstrap_means(values[number][:, None], np.arange(9), make_generator(3, "bootstrap"))
        ends = found["models"][model]["night"]["abs_rel"]
        assert [ends["low"], ends["high"]] == pytest.approx(expected[1:], abs=1e-5)
        assert found["models"][model]["night"]["classes"]["car"]["abs_rel"] == ends
    one, base = values[1][None, :, None], values[0][None, :, None]
    groups, generator = np.arange(9), make_generator(3, "bootstrap")
    ((_, expected),) = paired_changes(one, base, groups, generator, fewest_seeds=1)
    change = found["comparisons"]["b vs a"]["night"]["abs_rel"]
    assert [change["low"], change["high"]] == pytest.approx(expected[1:], abs=1e-5)
    assert summarise(rows, WORLD) == summarise(rows, WORLD, seed=0)
    other = summarise(rows, WORLD, seed=4).to_dict()
    assert other["comparisons"] != found["comparisons"] and other["models"] != found["models"]


def test_how_much_better_than_a_constant_a_confidence_is():
    def of(ause: float, constant: float, nearness: float) -> Sparsification:
        curves = {"abs_rel_at_coverage": (ause,) * 20, "oracle_at_coverage": (ause / 2,) * 20}
        return Sparsification(ause=ause, ause_constant=constant, ause_nearness=nearness, **curves)

    for constants, improvements in (((0.3, 0.5), (0.5, 0.375)), ((0.0, 0.0), (None, None))):
        scores = [of(0.1, constants[0], 0.2), of(0.3, constants[1], 0.3)]
        rows = [row("m", town, 0.2).model_copy(update={"confidence": one}) for town, one in enumerate(scores)]
        found = summarise([*rows, row("m", 2, 0.2)], WORLD).models["m"]["night"].confidence
        assert found is not None and (found.images, found.ause.mean) == (2, 0.2)
        values = np.array([[one.ause, one.ause_constant, one.ause_nearness] for one in scores])
        drawn = bootstrap_means(values, np.arange(2), make_generator(0, "bootstrap"))
        assert (found.ause.low, found.ause.high) == pytest.approx(drawn[0][1:])
        assert (found.improvement, found.improvement_of_nearness) == pytest.approx(improvements)
        assert found.abs_rel_at_coverage == pytest.approx([0.2] * 20)
        assert found.oracle_at_coverage == pytest.approx([0.1] * 20)


def test_the_order_of_the_other_models_frames_does_not_matter():
    shuffled = [*ROWS[:2], ROWS[3], ROWS[2]]
    assert summarise(shuffled, WORLD) == summarise(ROWS, WORLD)


def test_night_rain_counts_twice_where_the_protocol_says_so():
    wet = [row("m", 0, 0.1), row("m", 1, 0.3, Condition.NIGHT_RAIN), row("m", 2, 0.5, Condition.RAIN)]
    nuscenes = summarise(wet, find_protocol("nuscenes-80m")).to_dict()["models"]["m"]
    assert {name: found["images"] for name, found in nuscenes.items()} == {"night": 2, "rain": 2}
    assert nuscenes["night"]["abs_rel"]["mean"] == pytest.approx(0.2)
    assert summarise(wet, WORLD).models["m"].keys() == {"night", "rain", "night-rain"}


def test_equal_rows_give_equal_bytes_and_plain_json(tmp_path):
    for name in ("first.json", "second.json"):
        write_results(tmp_path / name, summarise(ROWS, WORLD, seed=3))
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()
    content = json.loads((tmp_path / "first.json").read_text())
    assert content["protocol"]["name"] == "world-80m"
    assert content["protocol"]["interval_seed"] == 3
    assert "condition unknown to the model" in content["protocol"]["facts"]


def test_rows_survive_the_file(tmp_path):
    write_rows(tmp_path / "frames.jsonl", ROWS)
    assert read_rows(tmp_path / "frames.jsonl") == ROWS


def test_a_file_that_holds_no_rows_is_named_with_the_line(tmp_path):
    path = tmp_path / "frames.jsonl"
    with pytest.raises(UserError, match="no such file"):
        read_rows(path)
    write_rows(path, ROWS)
    path.write_text(path.read_text() + '{"model": "m"}\n')
    with pytest.raises(UserError, match=r"frames\.jsonl, line 5: not a row of an evaluation"):
        read_rows(path)


class Masked(Drive):
    """The lowest rows show the vehicle itself."""

    def __init__(self, rows: int | None, style: str | None) -> None:
        super().__init__("masked", [5.0])
        self.rows, self.style = rows, style

    @property
    def ego_mask(self):
        if self.rows is None:
            raise UserError("mask.png", "not readable as an image", "copy it again")
        return np.arange(HEIGHT)[:, None] * np.ones((1, WIDTH)) >= HEIGHT - self.rows


def test_of_the_data_is_told_what_it_shows():
    plain = [Drive("a", [5.0]), Drive("b", [5.0])]
    assert describe_data(Path("a") / "b", "val", None, plain).to_dict() == {
        "path": "a/b",
        "split": "val",
        "cameras": None,
        "sequences": 2,
    }
    footage = [*plain, Masked(8, "town"), Masked(0, "country"), Masked(None, "town")]
    told = describe_data(Path("a"), None, ["front", "back"], footage)
    assert (told.cameras, told.sequences, told.split) == (("front", "back"), 5, None)
    assert told.styles == {"country": 1, "town": 2} and list(told.styles or ()) == ["country", "town"]
    assert told.masked == pytest.approx((8 / HEIGHT + 0) / 2)  # over those that have a mask that can be read

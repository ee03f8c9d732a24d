"""The public files of an evaluation: what is written is what is read, and what is no result is refused."""

import json
import math
from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.evaluation.edges import EDGE_METRICS
from acdepth.evaluation.metrics import METRICS
from acdepth.evaluation.results import summarise
from acdepth.evaluation.schema import (
    FORMAT,
    Example,
    Results,
    Scores,
    json_schema,
    read_examples,
    read_rows,
    write_results,
    write_rows,
)
from tests.evaluation.test_results import ROWS, WORLD


def written(folder: Path, **changes: object) -> Path:
    content = summarise(ROWS, WORLD).to_dict() | changes
    (folder / "results.json").write_text(json.dumps(content))
    return folder / "results.json"


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    results = summarise(ROWS, WORLD, made_by={"commit": "1a2b3c4"})
    write_results(tmp_path / "results.json", results)
    found = Results.read(tmp_path / "results.json")
    assert found == results and found.format == FORMAT
    write_results(tmp_path / "again.json", found)
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "results.json").read_bytes()
    assert "data" not in found.to_dict()  # what was not told is not in the file


def test_the_metrics_that_are_computed_are_those_of_the_format() -> None:
    assert set(Scores.model_fields) == {"images", *METRICS, *EDGE_METRICS}


def test_a_file_from_before_the_format_had_a_number_is_read(tmp_path: Path) -> None:
    content = summarise(ROWS, WORLD).to_dict()
    del content["format"], content["protocol"]["focal_rescale"], content["protocol"]["facts"]
    (tmp_path / "results.json").write_text(json.dumps(content))
    found = Results.read(tmp_path / "results.json")
    assert found.models == summarise(ROWS, WORLD).models and not found.protocol.focal_rescale


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": FORMAT + 1}, rf"format = {FORMAT + 1}: this acdepth reads up to {FORMAT}"),
        ({"model_order": ["teacher", "other"]}, "models lacks other of model_order"),
        ({"modles": {}}, "unknown key modles; did you mean models"),
        ({"frames": {"found": 1, "scored": 1}}, "frames.unreadable is missing"),
        ({"made_by": {"commit": 3}}, "made_by.commit = 3: Input should be a valid string"),
    ],
)
def test_what_is_no_result_is_one_line(tmp_path: Path, changes: dict, message: str) -> None:
    path = written(tmp_path, **changes)
    with pytest.raises(
        UserError, match=rf"results.json: .*{message}.*; run acdepth evaluate again"
    ) as caught:
        Results.read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [math.nan, math.inf, "0.3", None, True])
def test_only_finite_numbers_are_numbers(tmp_path: Path, value: object) -> None:
    content = summarise(ROWS, WORLD).to_dict()
    content["models"]["teacher"]["night"]["rmse"]["mean"] = value
    (tmp_path / "results.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"models.teacher.night.rmse.mean = .*run acdepth evaluate again"):
        Results.read(tmp_path / "results.json")
    write_rows(tmp_path / "frames.jsonl", ROWS)
    line = json.loads((tmp_path / "frames.jsonl").read_text().splitlines()[0])
    line["metrics"]["abs_rel"] = value
    (tmp_path / "frames.jsonl").write_text(json.dumps(line) + "\n")
    with pytest.raises(UserError, match=r"frames.jsonl, line 1: .*metrics.abs_rel"):
        read_rows(tmp_path / "frames.jsonl")


def test_examples_need_the_error_of_each_model(tmp_path: Path) -> None:
    entry = {
        "condition": "night",
        "rank": "best",
        "key": "k",
        "image": "i",
        "truth": "t",
        "depth": {"m": "d"},
    }
    path = tmp_path / "index.json"
    path.write_text(json.dumps([{**entry, "m_abs_rel": 0.25}]))
    (found,) = read_examples(path)
    assert found == Example(**entry, m_abs_rel=0.25) and found.abs_rel("m") == 0.25
    for content, message in (([entry], "entry 1: m_abs_rel is missing"), ({}, "is no list of examples")):
        path.write_text(json.dumps(content))
        with pytest.raises(UserError, match=message):
            read_examples(path)


def test_the_schema_in_the_documentation_is_that_of_the_code() -> None:
    path = Path(__file__).parents[2] / "docs" / "results.schema.json"
    assert json.loads(path.read_text()) == json.loads(json.dumps(json_schema())), (
        "make it again: python -m acdepth.evaluation.schema docs/results.schema.json"
    )

"""Corruptions in the terminal and on the page."""

import io

import pytest
from rich.console import Console

from acdepth.core.errors import UserError
from acdepth.evaluation.schema import Results
from acdepth.reports.page import write_report
from acdepth.reports.tables import corruption_tables, print_results
from tests.reports.fake_run import results, write

KINDS = {
    "fog": "weather and lighting",
    "snow": "weather and lighting",
    "elastic_transform": "sensor and movement",
}
MCE = {"teacher": 100.0, "control": 101.5, "student": 62.3}


def interval(mean: float | None, half: float = 2.0) -> dict[str, float | None]:
    return {"mean": mean, "low": mean and mean - half, "high": mean and mean + half}


def corrupted() -> dict:
    models = {}
    for name, mce in MCE.items():
        means = {"mce": interval(mce, 0 if name == "teacher" else 2), "mrr": interval(mce - 20)}
        kinds = {
            kind: {
                "group": group,
                "ce": interval(None if kind == "snow" else mce),
                "rr": interval(88.8),
                "abs_rel": [0.1, 0.2, 0.3, 0.4, 1.5],
                "d1": [0.9] * 5,
                "dee": [0.1] * 5,
            }
            for kind, group in KINDS.items()
        }
        clean = {"abs_rel": 0.097, "d1": 0.9, "dee": 0.1}
        models[name] = {
            **means,
            "groups": dict.fromkeys(KINDS.values(), means),
            "kinds": kinds,
            "clean": clean,
        }
    about = {
        "version": 1,
        "baseline": "teacher",
        "images": 12,
        "sequences": 4,
        "every": 5,
        "interval_seed": 0,
    }
    return {**about, "severities": [1, 2, 3, 4, 5], "kind_order": list(KINDS), "models": models}


def facts_of(path) -> str:
    found = Results.read(path)
    assert found.corruptions
    return corruption_tables(found.corruptions, found.model_order)[0].notes[0]


@pytest.fixture
def path(tmp_path):
    write(tmp_path / "results.json", {**results(), "corruptions": corrupted()})
    return tmp_path / "results.json"


def test_tables_fit_80_columns_and_say_what_they_rest_on(path):
    console = Console(width=80, record=True, file=io.StringIO())
    print_results(path, console)
    text = console.export_text()
    rows = [line.split() for line in text.splitlines()]
    assert ["all", "kinds", "teacher", "100.0", "80.0", "[78.0–82.0]"] in rows
    assert rows.count(["student", "62.3", "[60.3–64.3]", "42.3", "[40.3–44.3]"]) == 3  # all and two groups
    numbers = ["88.8", "0.100", "0.200", "0.300", "0.400", "1.500"]
    assert ["elastic_transform", "teacher", "100.0", *numbers] in rows
    assert ["snow", "teacher", "–", *numbers] in rows
    facts = " ".join(text.split())
    for fact in (
        "12 clear images of 4 sequences",
        "one frame in 5",
        "CE relative to teacher",
        "student 0.097",
    ):
        assert fact in facts
    assert "95 % intervals over sequences, seed 0" in facts_of(path)
    assert max(map(len, text.splitlines())) <= 80


def test_no_interval_is_claimed_of_one_sequence(tmp_path):
    content = corrupted()
    for model in content["models"].values():
        alone = {"mean": 100.0, "low": None, "high": None}
        model |= {"mce": alone, "mrr": alone}
    write(tmp_path / "results.json", {**results(), "corruptions": content})
    assert "interval" not in facts_of(tmp_path / "results.json")


def test_the_page_has_them_too(path):
    page = write_report(path.parent).read_text()
    assert (
        "<h2>Corruptions</h2>" in page
        and "elastic_transform" in page
        and "62.3 <small>[60.3–64.3]</small>" in " ".join(page.split())
    )


def test_without_them_nothing_is_said(run):
    assert Results.read(run / "results.json").corruptions is None
    assert "Corruptions" not in write_report(run).read_text()


def test_a_damaged_block_is_named(tmp_path):
    content = corrupted()
    del content["models"]["student"]["kinds"]["fog"]["rr"]
    write(tmp_path / "results.json", {**results(), "corruptions": content})
    with pytest.raises(UserError, match=r"results.json: corruptions.models.student.kinds.fog.rr is missing"):
        Results.read(tmp_path / "results.json")

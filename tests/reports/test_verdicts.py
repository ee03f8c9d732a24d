"""An order is said only where an interval supports it."""

from pathlib import Path

import pytest

from acdepth.core.condition import Condition
from acdepth.reports.tables import read_depth_results
from acdepth.reports.verdicts import Verdict, compare, headlines, signed_percent
from tests.reports.fake_run import results, write


def read(tmp_path: Path, content):
    write(tmp_path / "results.json", content)
    return read_depth_results(tmp_path / "results.json")


def test_headlines_name_the_order_where_it_shows_and_none_elsewhere(tmp_path):
    assert headlines(read(tmp_path, results())) == [
        "Night: student is more accurate than teacher, absRel lower by 41 %.",
        "Clear: no difference shown between student and teacher.",
        "Night: student is more accurate than control, absRel lower by 40 %.",
        "Clear: no difference shown between student and control.",
    ]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.2, -0.1, Verdict.LOWER), (-0.2, 0.0, Verdict.NONE_SHOWN), (0.1, 0.2, Verdict.HIGHER)],
)
def test_the_paired_interval_decides_where_there_is_one(tmp_path, low, high, verdict):
    content = results()
    change = {"relative_change": (low + high) / 2, "low": low, "high": high}
    content["comparisons"]["student vs teacher"]["night"]["abs_rel"] = change
    found = compare(read(tmp_path, content), "student", "teacher", Condition.NIGHT)
    assert found and found.verdict is verdict


@pytest.mark.parametrize(
    ("student", "verdict"),
    [(0.26, Verdict.LOWER), (0.275, Verdict.NONE_SHOWN), (0.305, Verdict.NONE_SHOWN), (0.32, Verdict.HIGHER)],
)
def test_without_pairing_the_own_intervals_must_be_apart(tmp_path, student, verdict):
    content = results()
    del content["comparisons"]
    # The teacher lies in 0.28 to 0.30, the student within 0.01 of its mean.
    content["models"]["student"]["night"]["abs_rel"] = {
        "mean": student,
        "low": student - 0.01,
        "high": student + 0.01,
    }
    found = compare(read(tmp_path, content), "student", "teacher", Condition.NIGHT)
    assert found and found.verdict is verdict


def test_an_order_that_only_pairing_shows_is_marked(tmp_path):
    content = results()
    content["model_order"] = ["teacher", "control"]
    sentences = headlines(read(tmp_path, content))
    assert sentences[0] == (
        "Night: control is more accurate than teacher, absRel lower by 2 %. "
        "(Night: shown on the same frames; the two models' own intervals overlap.)"
    )


def test_one_drive_gives_no_interval_and_no_claim(tmp_path):
    content = results()
    for model in content["models"].values():
        for cell in model.values():
            cell["abs_rel"].update(low=None, high=None)
    for changes in content["comparisons"].values():
        for change in changes.values():
            change["abs_rel"].update(low=None, high=None)
    said = " ".join(headlines(read(tmp_path, content)))
    assert "no order of student and teacher is claimed" in said
    assert "accurate" not in said and "no difference" not in said


def test_few_drives_allow_no_claim_however_narrow_their_interval(tmp_path):
    content = results()
    content["models"]["student"]["night"]["sequences"] = 5
    found = compare(read(tmp_path, content), "student", "teacher", Condition.NIGHT)
    assert found and found.verdict is Verdict.TOO_FEW


@pytest.mark.parametrize(
    ("part", "text"), [(-0.413, "−41 %"), (0.02, "+2 %"), (-0.002, "−0.2 %"), (0, "+0.0 %")]
)
def test_small_changes_get_a_digit_more(part, text):
    assert signed_percent(part) == text


def test_one_model_is_compared_with_nothing(tmp_path):
    content = results()
    content["model_order"] = ["student"]
    assert headlines(read(tmp_path, content)) == [
        "One model was evaluated, student: there is nothing to compare it with."
    ]

"""Gradients that pull apart, drawn and counted from logs."""

import json
import math
import re
from pathlib import Path

import pytest

from acdepth.cli.report import report
from acdepth.core.errors import UserError
from acdepth.reports.page import write_report, write_training_page
from acdepth.reports.training import conflicts, read_training
from tests.reports.test_page import Page, drawn

STYLES = {"none": "base", "pcgrad": "subject"}


def write_log(folder: Path, cosines: list[float | None]) -> Path:
    """Steps of 10; None where a line holds no measurement. L_r has a tenth of L_d's gradient."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, cosine in enumerate(cosines, start=1):
        line = {"step": 10 * number, "loss": 1 / number, "terms": {"distillation": 1 / number}}
        if cosine is not None:
            pair = {
                "cosine": cosine,
                "opposed": float(cosine < 0),
                "norm_distillation": 2.0,
                "norm_ordinal": 0.2,
            }
            line["gradients"] = {f"distillation/ordinal/{name}": value for name, value in pair.items()}
        lines.append(json.dumps(line) + "\n")
    (folder / "log.jsonl").write_text("".join(lines))
    return folder


@pytest.fixture
def trainings(tmp_path: Path) -> dict[str, Path]:
    return {
        "none": write_log(tmp_path / "none", [-0.3, None, -0.1, 0.1]),
        "pcgrad": write_log(tmp_path / "pcgrad", [-0.2, None, 0.4, None]),
    }


def test_each_training_has_its_line_and_its_numbers(trainings):
    logs = {name: read_training(folder / "log.jsonl") for name, folder in trainings.items()}
    (found,) = conflicts({name: log for name, log in logs.items() if log}, STYLES)
    assert (found.first, found.second) == ("distillation", "ordinal")
    none, pcgrad = found.angles
    assert (none.cosine, none.opposed, none.ratio) == pytest.approx((-0.1, 2 / 3, 0.1))
    assert (pcgrad.cosine, pcgrad.opposed, pcgrad.ratio) == pytest.approx((0.1, 0.5, 0.1))
    for chart in (found.cosine, found.ratio):
        assert "nan" not in chart
        # A line goes on over what was not measured.
        assert [len(drawn(chart, style)[0]) for style in ("base", "subject")] == [3, 2]
    # The axis reaches to the next of 0.1, 0.2, 0.5 and 1.
    ticks = [float(text.replace("−", "-")) for text in re.findall(r">(−?0\.\d+)</text>", found.cosine)]
    assert -0.5 <= min(ticks) <= -0.4 and 0.4 <= max(ticks) <= 0.5
    (_, first), (_, middle), (_, last) = drawn(found.cosine, "base")[0]
    assert (first - middle) / (first - last) == pytest.approx(0.5, abs=0.01)


def test_logs_without_measurements_have_no_figure(tmp_path):
    log = read_training(write_log(tmp_path / "none", [None, None]) / "log.jsonl")
    assert log is not None and log.gradients == {} and conflicts({"none": log}, STYLES) == []


def test_what_begins_late_is_not_measured_before(tmp_path):
    log = read_training(write_log(tmp_path / "none", [None, -0.5]) / "log.jsonl")
    assert log is not None
    before, after = log.gradients["distillation/ordinal/cosine"]
    assert math.isnan(before) and after == -0.5


def test_a_folder_of_trainings_becomes_a_page(trainings, tmp_path, capsys):
    report(tmp_path)
    page = Page((tmp_path / "training.html").read_text(encoding="utf-8"))
    assert not page.open and not page.crossed and "training.html" in capsys.readouterr().out
    assert page.found.count("svg") == 2 * 2 + 2  # a loss and a term of each, two charts of both
    text = page.text.replace("\xa0", " ")
    for words in ("Training of none, pcgrad", "distillation and ordinal", "-0.100", "67 %", "+0.100", "50 %"):
        assert words in text
    report(trainings["none"])
    assert (trainings["none"] / "training.html").exists()


def test_the_report_of_a_run_shows_it_where_its_trainings_measured_it(run):
    assert "pull apart" not in write_report(run).read_text(encoding="utf-8")
    write_log(run / "student", [-0.3, 0.1])
    page = Page(write_report(run).read_text(encoding="utf-8"))
    assert "Do the losses pull apart?" in page.text and not page.crossed


def test_a_missing_log_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"log\.jsonl: no such log, or nothing in it yet"):
        write_training_page({"none": tmp_path}, tmp_path / "training.html")

"""Confidence in the page and in the terminal, and nothing of it where none was measured."""

import json
import re
from io import StringIO

import pytest
from rich.console import Console

from acdepth.core.errors import UserError
from acdepth.reports.page import write_report
from acdepth.reports.tables import print_results
from tests.reports.fake_run import estimate, write
from tests.reports.test_page import Page, drawn

MEASURED = {
    "images": 24,
    "ause": estimate(0.2),
    "ause_constant": estimate(0.7),
    "ause_nearness": estimate(0.3),
    "improvement": 5 / 7,
    "improvement_of_nearness": 4 / 7,
    "coverage": [0.5, 0.8, 1.0],
    "abs_rel_at_coverage": [0.04, 0.08, 0.16],
    "oracle_at_coverage": [0.02, 0.05, 0.16],
}


@pytest.fixture
def measured(run):
    content = json.loads((run / "results.json").read_text())
    content["confidence"] = {"source": "flip", "in_words": "agreement <of> answers"}
    content["models"]["student"]["night"]["confidence"] = MEASURED
    write(run / "results.json", content)
    return run


def printed(path) -> str:
    console = Console(width=160, record=True, file=StringIO())
    print_results(path, console)
    return console.export_text()


def test_the_page_draws_the_curves_of_what_was_measured(measured):
    text = write_report(measured).read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open and not page.crossed
    assert "agreement <of> answers" in page.text
    words = page.text[page.text.index("AUSE ↓") :].split()
    place = words.index("nightstudent")
    assert words[place + 1 : place + 8] == ["0.200", "0.700", "71", "57", "0.160", "0.080", "0.040"]
    # The axes end at 100 % and 0.16, so the corner is the last point, and 0.08 at 80 % is half-way up.
    (chart,) = [svg for svg in re.findall("<svg.*?</svg>", text, re.DOTALL) if "surest part of the" in svg]
    (curve,) = drawn(chart, "subject")
    (x5, y5), (x8, y8), (x10, y10) = curve
    assert (x10 - x8) / (x10 - x5) == pytest.approx(0.4, abs=0.01)
    assert (y5 - y10) / (y8 - y10) == pytest.approx(0.12 / 0.08, abs=0.01)
    constant, oracle = [line for line in drawn(chart, "quiet") if len(line) == 3]
    assert {y for _, y in constant} == {y10} and oracle[-1] == (x10, y10)


def test_the_terminal_has_a_line_per_condition_and_model(measured):
    text = printed(measured / "results.json")
    (line,) = [line.split() for line in text.splitlines() if "0.700" in line]
    assert line == ["night", "student", "0.200", "0.700", "71", "57", "0.160", "0.080", "0.040"]


def test_without_confidence_there_is_nothing_of_it(run):
    assert "AUSE" not in write_report(run).read_text(encoding="utf-8")
    assert "AUSE" not in printed(run / "results.json")


def test_curves_of_different_length_are_refused(measured):
    content = json.loads((measured / "results.json").read_text())
    content["models"]["student"]["night"]["confidence"]["coverage"].pop()
    write(measured / "results.json", content)
    with pytest.raises(UserError, match="curves of confidence differ in length"):
        write_report(measured)

"""The published tables, and ours beside them."""

from io import StringIO

import pytest
from rich.console import Console

from acdepth.core.condition import Condition
from acdepth.evaluation.schema import Results
from acdepth.reports.paper import published
from tests.reports.fake_run import estimate, results

MEASURED = {"abs_rel": estimate(0.2), "rmse": estimate(7.0), "d1": estimate(0.75)}


def test_what_was_not_run_says_so() -> None:
    table = published("nuscenes")
    content = results()
    clear = content["models"]["teacher"]["clear"] | MEASURED
    content |= {"model_order": ["teacher"], "models": {"teacher": {"clear": clear}}, "comparisons": {}}
    found = Results.from_dict(content, "results.json")
    table = table.with_ours(found)
    lines = {line.split("|")[1].strip(): line for line in table.markdown().splitlines() if "|" in line}
    assert "| 0.1340 | 6.284 | 85.07 | 0.1873 |" in lines["ACDepth"]
    assert "| 0.2000 | 7.000 | 75.00 | not run |" in lines["ours: teacher"]
    assert lines["ours: student"].count("not run") == 9
    assert lines["RoSAMDepth"].count("| - ") == 5
    console = Console(width=80, record=True, file=StringIO())
    table.print(console)
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80 and "ours: student" in text and "…" not in text


@pytest.mark.parametrize(("data_set", "night"), [("nuscenes", "0.1873"), ("robotcar", "0.1206")])
def test_the_papers_numbers(data_set: str, night: str) -> None:
    table = published(data_set)
    (row,) = [row for row in table.rows if row.method == "ACDepth"]
    assert row.cells[Condition.NIGHT]["absRel"] == night and table.condition_known
    assert any("told day or night" in note for note in table.notes())

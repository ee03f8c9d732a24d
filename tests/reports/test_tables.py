"""What the terminal and Markdown say."""

import io

from rich.console import Console

from acdepth.reports.table import Cell, Row, Table
from acdepth.reports.tables import depth_tables, print_results, read_depth_results
from tests.reports.fake_run import results, write


def printed(path, width=80):
    console = Console(width=width, record=True, file=io.StringIO())
    print_results(path, console)
    return console.export_text()


def markdown(path) -> list[str]:
    return [table.markdown() for table in depth_tables(read_depth_results(path))]


def test_the_terminal_table_holds_numbers_marks_and_protocol_in_80_columns(run):
    text = printed(run / "results.json")
    lines = text.splitlines()
    student = [line for line in lines if "student" in line and "0.170" in line]
    assert len(student) == 1
    assert "0.170 [0.160–0.180]" in student[0] and "83.0" in student[0] and "▼ −41 [−45, −37]" in student[0]
    assert "≈ +2 [−1, +4]" in text and "▼* −2 [−3," in text
    assert max(map(len, lines)) <= 80
    protocol = " ".join(text.split())
    for fact in (
        "protocol world-80m",
        "alignment none",
        "condition unknown",
        "24 images of 6 sequences",
        "<objects>",
    ):
        assert fact in protocol


def test_without_intervals_and_classes_only_means_are_printed(tmp_path):
    content = results()
    content["model_order"] = ["student"]
    for cell in content["models"]["student"].values():
        cell.update(classes={})
        cell["abs_rel"].update(low=None, high=None)
    write(tmp_path / "results.json", content)
    text = printed(tmp_path / "results.json")
    assert "0.170" in text and "[0." not in text
    assert "per class" not in text and " vs " not in text


def test_one_sequence_is_not_said_to_have_intervals(tmp_path):
    content = results()
    for cells in content["models"].values():
        for cell in cells.values():
            cell["sequences"] = 1
    write(tmp_path / "results.json", content)
    text = " ".join(printed(tmp_path / "results.json").split())
    assert "no intervals: one sequence" in text and "95 % intervals over" not in text


def test_markdown_tables_have_equal_columns(run):
    texts = markdown(run / "results.json")
    tables = [[line for line in text.splitlines() if line.startswith("|")] for text in texts]
    assert [len(table) for table in tables] == [2 + 6, 2 + 6]
    for table in tables:
        assert len({line.count("|") for line in table}) == 1
    assert "| student | 0.170 [0.160–0.180] | 0.90 | 83.0 | ▼ −41 [−45, −37] |" in texts[0]


def test_edges_have_a_table_of_their_own_where_they_were_measured(run, tmp_path):
    assert "edge" not in printed(run / "results.json")
    assert not any("edge" in text for text in markdown(run / "results.json"))
    content = results()
    for name, cell in content["models"]["student"].items():
        cell["edge_f"] = {"mean": 0.201, "low": 0.18, "high": 0.22}
        cell["edge_recall"] = {"mean": 0.165, "low": None, "high": None}
        if name == "night":
            cell["edge_precision"] = {"mean": 0.47, "low": 0.4, "high": 0.5}
    write(tmp_path / "results.json", content)
    text = printed(tmp_path / "results.json")
    lines = [line.split() for line in text.splitlines() if "0.201" in line]
    assert lines == [
        ["student", "0.201", "[0.180–0.220]", "–", "0.165"],
        ["student", "0.201", "[0.180–0.220]", "0.470", "0.165"],
    ]
    assert max(map(len, text.splitlines())) <= 80
    edges = markdown(tmp_path / "results.json")[1]
    assert "| student | 0.201 [0.180–0.220] | 0.470 | 0.165 |" in edges


def test_in_a_narrow_terminal_intervals_stand_below_and_nothing_is_cut():
    cells = tuple(Cell(f"0.{place}62", f"[0.{place}65–0.{place}37]") for place in range(4))
    table = Table("Errors", ("condition", "model"), ("a", "b", "c", "d"), (Row(("clear", "student"), cells),))
    for width, lines in ((110, 3), (80, 4)):
        console = Console(width=width, record=True, file=io.StringIO())
        table.print(console)
        text = console.export_text()
        assert all(cell.text in text and cell.interval in text for cell in cells)
        assert len(text.strip().splitlines()) == 1 + lines and max(map(len, text.splitlines())) <= width

"""``acdepth view`` opens what a run or a prediction shows."""

import webbrowser
from pathlib import Path

import pytest

from tests.commands import call


@pytest.fixture
def view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the verb; returns exit code, what it printed and said, and the addresses that were opened."""
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.chdir(tmp_path)

    def run(what: str) -> tuple[int, str, list[str]]:
        opened.clear()
        code = call(monkeypatch, "view", what)
        said = capsys.readouterr()
        return code, said.out + said.err, list(opened)

    return run


def test_the_report_of_a_run_is_opened(view, tmp_path: Path) -> None:
    Path("run/pictures").mkdir(parents=True)
    for name in ("run/report.html", "run/pictures/a_view.html"):
        Path(name).write_text("page")
    address = (tmp_path / "run" / "report.html").as_uri()
    assert view("run") == (0, f"{Path('run/report.html')}\n", [address])
    assert view("run/report.html")[2] == [address]


def test_of_predictions_the_first_is_opened(view, tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        Path(f"{name}_view.html").write_text("page")
    code, said, opened = view(".")
    assert code == 0 and opened == [(tmp_path / "a_view.html").as_uri()] and "and 2 more beside it" in said


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("none", "none: no such file or folder"),
        ("empty", "empty: holds no page, and no results that one could be made from; give a run"),
        ("a.rrd", "a.rrd: is no page; open it with rerun a.rrd"),
        ("a.txt", "a.txt: is no page; give a run, or a page (.html)"),
    ],
)
def test_what_is_no_page_is_one_line(view, what: str, told: str) -> None:
    Path("empty").mkdir()
    for name in ("a.rrd", "a.txt"):
        Path(name).touch()
    code, said, opened = view(what)
    assert code == 2 and told in said and said.count("\n") == 1 and not opened

"""Benchmarks' numbers reach the page where their tables stand, and nothing else of it changes."""

import json
import runpy
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
MADE = {"device": "a CPU", "cores": 2, "torch": "2", "commit": "0123456789"}
PAGE = "before\n<!-- one -->\nold\n<!-- /one -->\nbetween\n<!-- growth -->\n<!-- /growth -->\nafter\n"
brought = runpy.run_path(str(BENCHMARKS / "tables.py"))["brought"]


def write(folder: Path, name: str, **found: object) -> None:
    (folder / f"{name}.json").write_text(json.dumps({"made_by": MADE, **found}))


def test_tables_take_their_places(tmp_path):
    write(tmp_path, "one", seconds={"ours": [0.5, 0.4, 0.6]}, ratios={"theirs / ours": 3.14159})
    write(tmp_path, "growth", frames={"1000": {"start [s]": 0.25}, "20000": {"start [s]": 1.5}})
    page = brought(PAGE, tmp_path)
    assert "| ours | 500 | 400 | 600 |" in page and "| *theirs / ours* | **3.14** | | |" in page
    assert "| frames | 1,000 | 20,000 |" in page and "| start [s] | 0.25 | 1.5 |" in page
    assert "old" not in page and "a CPU, 2 cores, torch 2, commit 0123456." in page
    assert page.startswith("before\n<!-- one -->") and page.endswith("<!-- /growth -->\nafter\n")
    assert brought(page, tmp_path) == page


def test_each_group_of_a_file_has_a_table(tmp_path):
    group = {"seconds": {"a": [1.0, 1.0, 1.0]}, "ratios": {}}
    write(tmp_path, "one", settings={"rounds": 1}, small=group, large=group)
    page = brought(PAGE, tmp_path)
    assert "| small | ms, median | least | most |" in page and "| large | ms, median | least | most |" in page


def test_a_file_without_a_place_is_refused(tmp_path):
    write(tmp_path, "two", seconds={}, ratios={})
    with pytest.raises(ValueError, match=r"two.json has no place"):
        brought(PAGE, tmp_path)


def test_the_page_has_a_place_for_what_make_bench_measures():
    page = (BENCHMARKS.parent / "docs" / "performance.md").read_text()
    for line in (BENCHMARKS.parent / "Makefile").read_text().splitlines():
        if "--out $(BENCH)/" in line:
            name = line.rsplit("/", 1)[1].removesuffix(".json")
            assert f"<!-- {name} -->" in page and f"<!-- /{name} -->" in page

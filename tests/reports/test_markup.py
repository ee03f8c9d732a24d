"""Names and paths that look like rich's mark-up are printed as they are."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from acdepth.cli.ablate import _print_plan
from acdepth.rating.votes import Count, Tally
from acdepth.reports.votes import print_votes

NAMES = ["[/b]", r"\[/b]", "[red]x"]


@pytest.mark.parametrize("name", NAMES)
def test_a_rater(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    votes = Tally(Count(1, 2), Count(0, 1), Count(1, 1), 1.0)
    print_votes({name: votes}, votes)
    assert f"{name} " in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_the_data_of_an_ablation(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    config = SimpleNamespace(variants={"[/i]": {}}, base="full", seeds=[0])
    student = SimpleNamespace(loop=SimpleNamespace(steps=7))
    sources = SimpleNamespace(data=Path("towns") / name, seconds_per_step=None)
    plan = SimpleNamespace(config=config, cells=[], students={"[/i]": student}, sources=sources)
    _print_plan(cast(Any, plan))
    said = capsys.readouterr().out
    assert f"{Path('towns') / name}" in said.replace("\n", "") and "[/i]" in said

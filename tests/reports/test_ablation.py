"""What is said of an ablation: only what intervals, drives and seeds allow."""

import json
from io import StringIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console

from acdepth.core.errors import UserError
from acdepth.evaluation.ablation import AblationResults
from acdepth.reports.ablation import compare, markdown, print_ablation, write_ablation
from acdepth.reports.verdicts import Verdict
from tests.reports.fake_ablation import fake_ablation

EFFECTS = {"better": -0.05, "worse": 0.05, "alike": 0.01}


def written(folder: Path, **options: object) -> Path:
    (folder / "ablation.json").write_text(json.dumps(fake_ablation(EFFECTS, **options)))  # pyright: ignore
    return folder


def verdicts(folder: Path) -> dict[str, Verdict]:
    results = AblationResults.read(folder / "ablation.json")
    condition = next(iter(results.conditions))
    found = {name: compare(results, name, results.base, condition) for name in results.order}
    return {name: one.verdict for name, one in found.items() if one}


def test_an_order_is_claimed_where_the_interval_excludes_zero(tmp_path: Path) -> None:
    found = verdicts(written(tmp_path))
    assert found == {
        "teacher": Verdict.HIGHER,
        "better": Verdict.LOWER,
        "worse": Verdict.HIGHER,
        "alike": Verdict.NONE_SHOWN,
    }


@pytest.mark.parametrize("options", [{"seeds": (0,)}, {"drives": 5}])
def test_one_seed_or_few_drives_claim_nothing(tmp_path: Path, options) -> None:
    assert set(verdicts(written(tmp_path, **options)).values()) == {Verdict.TOO_FEW}
    text = markdown(AblationResults.read(tmp_path / "ablation.json"))
    assert "? too few drives or seeds to tell" in text and "▼" not in text
    assert ("±" in text.split("## absRel")[1]) is ("seeds" not in options)


def test_the_tables_say_it_in_numbers(tmp_path: Path) -> None:
    results = write_ablation(written(tmp_path))
    text = (tmp_path / "ablation.md").read_text()
    assert "| better | 0.123 ± 0.004<br>▼ −5.0 [−8.0, −2.0] | 0.162" in text
    assert "| better | ordinal_weight: -0.05 |" in text
    assert "15 comparisons of variants: if none made any difference, about 1 of them" in text
    said = StringIO()
    print_ablation(results, Console(file=said))
    assert "▼ −5.0 [−8.0, −2.0]" in said.getvalue() and "0.247" in said.getvalue()
    page = (tmp_path / "report.html").read_text()
    assert '<b class="lower">▼ −5.0</b> <small>[−8.0, −2.0]</small>' in " ".join(page.split())


def test_what_a_killed_process_left_half_made_goes(tmp_path: Path) -> None:
    half = written(tmp_path) / ".123-0a1b2c3d.partial.png"
    half.touch()
    write_ablation(tmp_path)
    assert not half.exists()


def test_the_figure_shows_lower_errors_in_blue_on_the_left(tmp_path: Path) -> None:
    write_ablation(written(tmp_path, conditions=1))
    blue, red = _coloured(tmp_path, 0x2B5C9E), _coloured(tmp_path, 0xB3152A)
    assert len(blue) > 50 and len(red) > 50
    assert blue[:, 1].max() < red[:, 1].min() and blue[:, 0].max() < red[:, 0].min()


def test_a_failure_far_away_leaves_the_others_to_be_seen(tmp_path: Path) -> None:
    """A bar of 6 % in a panel that holds 1900 % would be a dot; at the end of 116 % it is a bar."""
    content = fake_ablation({**EFFECTS, "failed": 19.0}, conditions=1)
    (tmp_path / "ablation.json").write_text(json.dumps(content))
    write_ablation(tmp_path)
    assert np.ptp(_coloured(tmp_path, 0x2B5C9E)[:, 1]) >= 12


def _coloured(folder: Path, colour: int) -> np.ndarray:
    """(N, 2) rows and columns of the figure's pixels of one colour."""
    figure = cv2.imread(str(folder / "ablation.png"))
    assert figure is not None
    wanted = np.array([colour & 0xFF, colour >> 8 & 0xFF, colour >> 16])
    return np.argwhere((np.abs(figure.astype(int) - wanted) < 8).all(-1))


@pytest.mark.parametrize("key", ["order", "variants", "protocol"])
def test_a_file_that_is_none_is_one_line(tmp_path: Path, key: str) -> None:
    content = fake_ablation(EFFECTS)
    del content[key]
    (tmp_path / "ablation.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=rf"ablation.json: {key} is missing; run acdepth ablate again"):
        write_ablation(tmp_path)
    with pytest.raises(UserError, match="no such file"):
        AblationResults.read(tmp_path / "nothing.json")

"""A student taught by answers that were asked once learns what it would learn from asking in every step."""

from pathlib import Path

import pytest
import torch

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.shipped import PRIOR
from acdepth.data.settings import ZoomSettings
from acdepth.engine import LoopSettings
from acdepth.engine.log import read_log
from acdepth.student.asked import changing, rescaled
from acdepth.student.settings import StudentConfig
from acdepth.student.training import train_student
from tests.student.test_training import taught  # noqa: F401 - a fixture

LOOP = LoopSettings(
    steps=20, batch_size=2, learning_rate=1e-4, log_every=1, checkpoint_every=20, precision="fp32",
    device="cpu", trackers=(),
)  # fmt: skip
"""At larger rates so small a network soon makes two runs of any rounding."""
CONFIG = StudentConfig(
    mix={Condition.CLEAR: 1.0, Condition.NIGHT: 1.0}, start_from="scratch", consistency_start=0.5, loop=LOOP
)


def losses(given: tuple[Path, Path, Path], out: Path, **values: object) -> list[dict[str, float]]:
    data, translations, teacher = given
    train_student(CONFIG.model_copy(update=values), data, translations, teacher, PRIOR, out)
    return [{"loss": line["loss"], **line["terms"]} for line in read_log(out / "log.jsonl")]


def test_losses_are_the_same_with_and_without(taught, tmp_path):  # noqa: F811
    without = losses(taught, tmp_path / "a", cache="none")
    with_cache = losses(taught, tmp_path / "b")
    assert not list((tmp_path / "a").glob("prepared/answers/*/*.bin"))
    assert len(list((tmp_path / "b").glob("prepared/answers/*/*.bin"))) == 2
    for now, before in zip(with_cache, without, strict=True):
        # A pixel that half precision takes across the quantile moves pairs to the pixels beside theirs.
        assert now.pop("ordinal") == pytest.approx(before.pop("ordinal"), rel=2e-2)
        assert now["loss"] == pytest.approx(before["loss"], rel=1e-3)
        assert now == pytest.approx(before, rel=3e-3)
    assert "consistency" in with_cache[-1] and with_cache != without


def test_what_changes_from_look_to_look_is_asked_in_every_step(taught, tmp_path, capsys):  # noqa: F811
    assert changing(CONFIG) == {} and set(changing(CONFIG.published())) == {"teacher"}
    zoomed = CONFIG.model_copy(update={"zoom": ZoomSettings(probability=0.5)})
    assert set(changing(zoomed)) == {"prior"}
    losses(taught, tmp_path, zoom=zoomed.zoom)
    assert "the prior is asked in every step: with zoom it sees other windows" in capsys.readouterr().err
    assert [path.name.split("-")[0] for path in tmp_path.glob("prepared/answers/*")] == ["teacher"]
    with pytest.raises(UserError, match=r"the teacher cannot be asked once: with teacher_batch_norm train"):
        losses(taught, tmp_path / "all", cache="all", teacher_batch_norm="train")


def test_few_looks_are_not_worth_it_unless_asked_for(taught, tmp_path, capsys):  # noqa: F811
    few = LOOP.model_copy(update={"steps": 3, "checkpoint_every": 3})
    losses(taught, tmp_path / "few", loop=few)
    assert "teacher and prior are asked in every step: 6 looks at 3 frames" in capsys.readouterr().err
    losses(taught, tmp_path / "all", loop=few, cache="all")
    assert not list((tmp_path / "few").glob("prepared/answers/*"))
    assert len(list((tmp_path / "all").glob("prepared/answers/*"))) == 2


def test_half_precision_keeps_every_order_of_the_prior():
    prior = torch.tensor([[3e-7, 1e-9, 0.0], [90_000.0, 30.0, 1.0]]).view(2, 1, 1, 3)
    kept = rescaled(prior).half().float()
    assert kept.isfinite().all() and kept[0, 0, 0, 2] == 0
    for before, now in zip(prior.flatten(1), kept.flatten(1), strict=True):
        torch.testing.assert_close(now / now[0], before / before[0], rtol=1e-3, atol=0)

"""A training whose loss or gradient stops being finite stops there, and the step can be looked into."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from acdepth.core.batches import Tensors
from acdepth.core.drawn import note_drawn
from acdepth.core.errors import UserError
from acdepth.core.identity import Identity
from acdepth.engine import LoopSettings, Task, fit
from acdepth.engine.fault import FAULT_FILE, Fault, Replayed, replaying
from acdepth.engine.state import STATES
from tests.engine.test_resume import SETTINGS, Points, Source

BAD = 13


class Noted(Source):
    def batch(self, step: int) -> Points:
        note_drawn(lambda: f"image {step}")
        return super().batch(step)


class Spoilt(Noted):
    """One batch that is no number."""

    def batch(self, step: int) -> Points:
        points = super().batch(step)
        return Points(points.x / 0) if step == BAD else points


class Counting(Task):
    """Counts its steps; ``root`` has a finite loss and an infinite gradient at 0."""

    def __init__(self, root_at: int | None = None, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net, self.root_at, self.dtype, self.steps = torch.nn.Conv2d(3, 1, 3), root_at, dtype, 0

    def forward(self, batch: Tensors, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        self.steps += 1
        assert isinstance(batch, Points)
        answer = self.net(batch.x).to(self.dtype)
        is_root = self.root_at is not None and round(progress * SETTINGS.steps) == self.root_at
        return {"far": (answer - answer.detach()).sum().abs().sqrt() if is_root else answer.square().mean()}


def train(folder: Path, task: Task, source: Source, settings: LoopSettings = SETTINGS) -> None:
    fit("test", task, lambda rank, count: source, settings, folder, Identity())


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_run_stops_at_the_step_and_names_its_images(tmp_path, accumulate):
    settings, step = SETTINGS.model_copy(update={"accumulate": accumulate}), BAD // accumulate
    task = Counting()
    with pytest.raises(UserError, match=f"step {step} is not finite: far is nan.*acdepth replay"):
        train(tmp_path, task, Spoilt(), settings)
    assert task.steps == (step + 1) * accumulate
    fault = Fault.read(tmp_path)
    assert (fault.step, fault.rank, fault.terms["far"]) == (step, 0, "nan")
    assert fault.images == [f"image {step * accumulate + number}" for number in range(accumulate)]
    saved = sorted(path.stem for path in (tmp_path / STATES).iterdir())
    assert saved[-1] == f"step_{step // 5 * 5:07d}"


def test_an_infinite_gradient_of_a_finite_loss_is_met_at_its_step(tmp_path):
    task = Counting(root_at=BAD)
    with pytest.raises(UserError, match=f"step {BAD} is not finite: norm of the gradient is (nan|inf)"):
        train(tmp_path, task, Noted())
    assert task.steps == BAD + 1 and Fault.read(tmp_path).terms["far"] == "0"


def test_it_is_met_without_clipping_too(tmp_path):
    settings = SETTINGS.model_copy(update={"gradient_clip": None})
    with pytest.raises(UserError, match="norm of the gradient"):
        train(tmp_path, Counting(root_at=BAD), Noted(), settings)


def test_overflow_of_half_precision_is_met(tmp_path):
    class Large(Noted):
        def batch(self, step: int) -> Points:
            points = super().batch(step)
            return Points(points.x * 1e30) if step == BAD else points

    with pytest.raises(UserError, match=f"step {BAD} is not finite: far is inf"):
        train(tmp_path, Counting(dtype=torch.bfloat16), Large())


def test_a_replay_says_what_was_not_finite_first_and_changes_nothing(tmp_path):
    with pytest.raises(UserError):
        train(tmp_path, Counting(), Spoilt())
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    task = Counting()
    with replaying(), pytest.raises(Replayed) as seen:
        train(tmp_path, task, Spoilt())
    assert task.steps == BAD - 10 + 1  # from the state of step 10 on
    told = "\n".join(seen.value.lines)
    assert f"image image {BAD}" in told and "batch.x (4, 3, 8, 8): no number, 768 not finite" in told
    assert "first output that is not finite: net (Conv2d)" in told
    assert "weights before" not in told
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_replay_names_the_operation_whose_gradient_is_no_number(tmp_path):
    with pytest.raises(UserError):
        train(tmp_path, Counting(root_at=BAD), Noted())
    with replaying(), pytest.raises(Replayed) as seen:
        train(tmp_path, Counting(root_at=BAD), Noted())
    told = "\n".join(seen.value.lines)
    assert "gradient: Function 'SqrtBackward0'" in told or "gradient: Function 'AbsBackward0'" in told
    assert "made at File" in told and "test_fault.py" in told


def test_a_run_that_is_mended_forgets_its_fault(tmp_path):
    with pytest.raises(UserError):
        train(tmp_path, Counting(), Spoilt())
    train(tmp_path, Counting(), Noted())
    assert not (tmp_path / FAULT_FILE).exists()


def test_a_fault_that_somebody_changed_is_refused(tmp_path):
    (tmp_path / FAULT_FILE).write_text(json.dumps({"step": 1, "who": 2}))
    with pytest.raises(UserError, match=r"fault\.json: is not as acdepth writes it"):
        Fault.read(tmp_path)

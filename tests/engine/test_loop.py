"""What the loop tells its helpers, seen from beside it: passes, shared statistics, trackers."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from accelerate.tracking import TensorBoardTracker

from acdepth.core.identity import Identity
from acdepth.core.seeding import make_generator
from acdepth.engine import fit, loop
from acdepth.engine.ahead import Drawing
from acdepth.engine.record import Record
from tests.engine.test_resume import SETTINGS, Fit, Source


@pytest.mark.parametrize(("skips", "told"), [(False, [True, True, False] * 2), (True, [False] * 6)])
def test_gradients_wait_for_the_last_pass_of_a_step_unless_parts_are_skipped(
    tmp_path: Path, monkeypatch, skips: bool, told: list[bool]
):
    """Several processes share them with the last pass; what that one skips would stay a process's own."""
    asked, task = [], Fit()
    monkeypatch.setattr(Fit, "skips", skips)
    passing = loop.TermGradients.passing

    def seen(self: Any, more_to_come: bool) -> Any:
        asked.append(more_to_come)
        return passing(self, more_to_come)

    monkeypatch.setattr(loop.TermGradients, "passing", seen)
    settings = SETTINGS.model_copy(update={"steps": 2, "accumulate": 3})
    fit("test", task, lambda rank, count: Source(), settings, tmp_path, Identity())
    assert asked == told


@pytest.mark.parametrize(("processes", "wanted", "shared"), [(1, True, 0), (2, True, 1), (2, False, 0)])
def test_statistics_are_shared_where_several_processes_are_to(monkeypatch, processes, wanted, shared):
    asked, device, task = [], torch.device("cpu"), Fit()
    monkeypatch.setattr(loop, "_share_statistics", lambda *of: asked.append(of))
    settings = SETTINGS.model_copy(update={"sync_batch_norm": wanted})
    accelerator: Any = SimpleNamespace(num_processes=processes)
    updates = loop.Updates(accelerator, task, settings, device)
    assert asked == [(task, device)] * shared
    assert updates.optimizer.defaults["fused"] and updates.optimizer.defaults["betas"][1] == 0.999


@pytest.mark.parametrize(("start", "resume"), [(0, "never"), (20, "allow")])
def test_trackers_are_told_what_comes_again(tmp_path: Path, start: int, resume: str):
    told: dict[str, Any] = {}
    accelerator: Any = SimpleNamespace(
        is_main_process=False, init_trackers=lambda name, init_kwargs: told.update({name: init_kwargs})
    )
    record = Record(accelerator, tmp_path / "run", start, {}, Drawing(Source(), 1))
    run = {"name": "run", "resume": resume}
    wandb = {**run, "dir": tmp_path / "run"}
    assert told == {"tracked": {"tensorboard": {"purge_step": start + 1}, "trackio": run, "wandb": wandb}}
    assert record.log is None and record.note == ""


@pytest.mark.parametrize(("device", "on_cpu"), [("cpu", True), ("auto", False)])
def test_processes_device_and_accelerate_are_asked_for_as_the_settings_say(
    tmp_path: Path, monkeypatch, device: str, on_cpu: bool
):
    """Precision and placement are not Accelerate's, which keeps the first training's for all."""
    asked: dict[str, Any] = {}

    def watched(name: str, made: Any) -> None:
        original = getattr(loop, name)
        monkeypatch.setattr(
            loop, name, lambda *of, **by: asked.update({name: of or by}) or original(*made, **by)
        )

    watched("share_of_processes", (True,))
    watched("training_device", (True,))
    watched("Accelerator", ())
    counts = []
    settings = SETTINGS.model_copy(update={"device": device, "steps": 1})
    fit("test", Fit(), lambda *of: counts.append(of) or Source(), settings, tmp_path, Identity())
    assert asked["share_of_processes"] == asked["training_device"] == (on_cpu,)
    assert asked["Accelerator"]["device_placement"] is False
    assert asked["Accelerator"]["mixed_precision"] == "no"
    assert counts == [(0, 1)]


def test_a_step_draws_by_seed_title_and_number(tmp_path: Path):
    drawn = []

    class Draws(Fit):
        def forward(self, batch: Any, generator: torch.Generator, progress: float) -> dict[str, torch.Tensor]:
            drawn.append((torch.rand(1, generator=generator).item(), progress))
            return {"far": self.net(batch.x).mean()}

    settings = SETTINGS.model_copy(update={"steps": 4, "seed": 7})
    fit("night", Draws(), lambda *of: Source(), settings, tmp_path, Identity())
    expected = [
        (torch.rand(1, generator=make_generator(7, "night", "step", step, 0)).item(), step / 4)
        for step in range(4)
    ]
    assert drawn == expected


def test_trackers_are_ended_where_the_run_ends_early(tmp_path: Path, monkeypatch):
    ended = []
    monkeypatch.setattr(TensorBoardTracker, "finish", lambda tracker: ended.append(tracker.name))
    settings = SETTINGS.model_copy(update={"trackers": ("tensorboard",)})
    fit("test", Fit(), lambda *of: Source(), settings, tmp_path, Identity(), lambda finished: finished == 10)
    assert ended == ["tensorboard"]
    assert [path.stem for path in sorted((tmp_path / "checkpoints").iterdir())][-1] == "step_0000010"

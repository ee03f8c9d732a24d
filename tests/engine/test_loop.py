"""What the loop tells its helpers, seen from beside it: passes, shared statistics, trackers."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from acdepth.core.identity import Identity
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

"""What is written down about a training while it goes."""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor

from acdepth.engine.ahead import Drawing
from acdepth.engine.fault import refuse_infinite
from acdepth.engine.log import Means, RunLog

GRADIENT = "norm of the gradient"


class _Step(NamedTuple):
    """What is kept of a step until it is read."""

    step: int
    terms: dict[str, Tensor]
    logged: dict[str, float]
    gradient_norm: Tensor


def _read(steps: list[dict[str, Tensor]]) -> list[dict[str, float]]:
    """The numbers of several steps, fetched from the device at once."""
    if not steps:
        return []
    numbers = iter(torch.stack([one for terms in steps for one in terms.values()]).tolist())
    return [{name: next(numbers) for name in terms} for terms in steps]


class Record:
    """What is written down about a run while it goes."""

    def __init__(
        self,
        accelerator: Accelerator,
        run_folder: Path,
        start: int,
        unlogged: Mapping[str, Any],
        draw: Drawing,
    ) -> None:
        self.accelerator, self.means, self.started = accelerator, Means(), time.monotonic()
        self.draw = draw
        self.run_folder, self.unread, self.note = run_folder, list[_Step](), ""
        self.gradients = Means(missing_is_zero=False)
        if unlogged:
            self.means.go_on(unlogged["means"])
            self.gradients.go_on(unlogged["gradients"])
        self.log = RunLog(run_folder / "log.jsonl", start) if accelerator.is_main_process else None
        # What a killed run logged after its last state comes again: TensorBoard is told to drop the first.
        run = {"name": run_folder.resolve().name, "resume": "allow" if start else "never"}
        told = {"tensorboard": {"purge_step": start + 1}, "trackio": run, "wandb": {**run, "dir": run_folder}}
        accelerator.init_trackers("tracked", init_kwargs=told)

    def add(
        self,
        step: int,
        terms: dict[str, Tensor],
        logged: dict[str, float],
        gradients: dict[str, float],
        gradient_norm: Tensor,
    ) -> None:
        """Count one step; most are not measured, and say nothing of how gradients lie to each other."""
        self.unread.append(_Step(step, terms, logged, gradient_norm))
        self.gradients.add(gradients)

    def read(self) -> None:
        """Fetch the numbers of the steps since the last time, for which the device is waited for.

        Raises:
            UserError: if one of them is not finite; no state of that step was saved.
        """
        rank = self.accelerator.process_index
        numbers = _read([{**one.terms, GRADIENT: one.gradient_norm} for one in self.unread])
        for one, terms in zip(self.unread, numbers, strict=True):
            refuse_infinite(self.run_folder, one.step, rank, terms, partial(self.draw, one.step))
            del terms[GRADIENT]
            loss = sum(terms.values())
            self.means.add({"loss": loss, **terms, **one.logged})
            self.note = f"loss {loss:.4f}"
        self.unread.clear()

    def write(self, step: int, rate: float) -> None:
        """Write the means since the last line, over all processes; raises `UserError` as `read`."""
        self.read()
        terms, gradients = self._of_all(self.means), self._of_all(self.gradients)
        loss = terms.pop("loss")
        if self.log:
            seconds = round(time.monotonic() - self.started, 2)
            measured = {"gradients": gradients} if gradients else {}
            self.log.add(step=step, loss=loss, terms=terms, learning_rate=rate, seconds=seconds, **measured)
        named = {f"gradients/{name}": value for name, value in gradients.items()}
        self.accelerator.log({"loss": loss, "learning_rate": rate, **terms, **named}, step=step)

    def unlogged(self) -> dict[str, Any]:
        """What the next line will tell of the steps since the last one; empty where that is none."""
        self.read()
        if not self.means:
            return {}
        return {"means": self.means.to_dict(), "gradients": self.gradients.to_dict()}

    def _of_all(self, means: Means) -> dict[str, float]:
        together = Means(means.missing_is_zero)
        for of_process in gather_object([means.take()]):
            together.add(of_process)
        return together.take()

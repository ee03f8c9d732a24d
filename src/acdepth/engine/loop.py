"""The training loop: explicit, resumable to the bit, and ignorant of what it trains."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.utils import gather_object
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from acdepth.core.batches import Tensors
from acdepth.core.errors import UserError
from acdepth.core.identity import Identity
from acdepth.core.progress import progress
from acdepth.core.seeding import make_generator
from acdepth.core.stopping import asked_to_stop, leave_ctrl_c_to_parent
from acdepth.engine.gradients import TermGradients
from acdepth.engine.log import Means, RunLog
from acdepth.engine.processes import (
    of_processes,
    share_of_processes,
    telling_of_lost,
    training_device,
)
from acdepth.engine.settings import LoopSettings
from acdepth.engine.state import STATES, StateWriter, load_newest_state
from acdepth.engine.task import SINGLE, Leftovers, Task, TurnTask, Update

BETA2 = 0.999
"""Adam's decay of the mean squared gradient."""
FUSED = ("cpu", "cuda")
"""Devices on which one kernel does a whole step of Adam."""


class BatchSource(Protocol):
    """Batches by number. Because a batch depends on nothing but its number, any run can resume exactly."""

    def batch(self, step: int) -> Tensors:
        """The batch of one step, on the CPU."""
        ...


def fit(
    title: str,
    task: Task,
    batches: Callable[[int, int], BatchSource],
    settings: LoopSettings,
    run_folder: Path,
    made_from: Identity,
    on_interval: Callable[[int], object] | None = None,
    on_resume: Callable[[int], object] | None = None,
) -> None:
    """Train ``task`` in place for ``settings.steps`` steps, resuming from ``run_folder`` where it can.

    Args:
        title: stands before the progress bar and names the run's random draws.
        task: its parameters that require gradients are trained.
        batches: gives the batch source of a process from (rank, number of processes).
        settings: of the loop.
        run_folder: gets ``checkpoints/``, ``log.jsonl`` and the trackers' files.
        made_from: everything that shapes the run; another run's state is refused.
        on_interval: called by the main process after each saved state, with the number of finished steps;
            True ends the run.
        on_resume: called by the main process where a run goes on from such a state, with its step: a kill may
            have come between the state and what ``on_interval`` does.

    Raises:
        UserError: if the loss stops being finite, or the folder belongs to another run.
        KeyboardInterrupt: if somebody asked to stop, after the step and its state; processes that train
            together look for that where they write the log. The next line of that tells of the steps since.
    """
    refuse_missing_trackers(settings)
    share, device = share_of_processes(settings.device == "cpu"), training_device(settings.device == "cpu")
    made_from = of_processes(made_from, share.count)
    accelerator = Accelerator(
        # Accelerate keeps device and precision for the life of the process, but each training has its own.
        device_placement=False,
        mixed_precision="no",
        log_with=list(settings.trackers) or None,
        project_dir=run_folder,
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=task.skips)],
    )
    source = batches(share.rank, share.count)
    updates = Updates(accelerator, task, settings, device)
    states = run_folder / STATES
    start, unlogged = load_newest_state(states, task, updates.optimizer, made_from, settings.extend)
    updates.prepare()
    record = _Record(accelerator, run_folder, start, unlogged)
    with (
        asked_to_stop() as stopping,
        telling_of_lost(share),
        progress(title, settings.steps, done=start) as advance,
        StateWriter(states) as writer,
    ):
        if share.leads and start:
            writer.forget_before(start)
            if on_resume and settings.saves_at(start):
                on_resume(start)
        for step, batches_of_step in enumerate(read_ahead(source, start, settings, device), start=start):
            generator = make_generator(settings.seed, title, "step", step, share.rank)
            on_device = [batch.to(device) for batch in batches_of_step]
            order = make_generator(settings.seed, title, "order of projections", step)
            record.add(step, *updates.step(on_device, generator, order, step))
            finished = step + 1
            told = finished % settings.log_every == 0 or finished == settings.steps
            if told:
                record.write(finished, settings.learning_rate_at(step))
            stops = any(share.gather(stopping())) if told or share.count == 1 else False
            due = settings.saves_at(finished)
            if (due or stops) and share.leads:
                writer.save(finished, task, updates.optimizer, made_from, record.unlogged())
            if due and on_interval:
                writer.wait()
                if share.tell(share.leads and on_interval(finished) is True):
                    break
            if stops:
                raise KeyboardInterrupt
            advance(note=record.note)
    for tracker in accelerator.trackers:  # Accelerate's own end would part the processes, which may train on
        tracker.finish()


def refuse_missing_trackers(settings: LoopSettings) -> None:
    """Raise `UserError` for a tracker that is not installed, which Accelerate leaves out without a word."""
    for tracker in settings.trackers:
        if not find_spec(tracker):
            remedy = f"pip install {tracker}, or leave it out"
            raise UserError("trackers", f"{tracker} is not installed", remedy)


class Updates:
    """The optimiser's side of the loop."""

    def __init__(
        self, accelerator: Accelerator, task: Task, settings: LoopSettings, device: torch.device
    ) -> None:
        self.accelerator, self.task, self.settings, self.device = accelerator, task, settings, device
        self.in_bfloat16 = settings.in_bfloat16(device)
        if settings.sync_batch_norm and accelerator.num_processes > 1:
            _share_statistics(task, device)
        task.to(device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        task.to_device(device)
        betas, fused = (settings.beta1, BETA2), device.type in FUSED
        self.optimizer = torch.optim.AdamW(
            _groups(task), settings.learning_rate, betas, weight_decay=settings.weight_decay, fused=fused
        )

    def prepare(self) -> None:
        """Hand the networks to Accelerate, after a saved state has been loaded into them."""
        self.trained, self.prepared = self.accelerator.prepare(self.task, self.optimizer)
        self.trained.train()

    def step(
        self, batches: list[Tensors], generator: torch.Generator, order: torch.Generator, step: int
    ) -> tuple[dict[str, Tensor], dict[str, float], dict[str, float]]:
        """The updates of one step on its batches; ``order`` is of projections, the same in every process.

        Nothing here waits for the device, unless gradients are compared or projected.

        Returns:
            The loss terms, which may still be computed; what else the task wants logged; how gradients lie to
            each other, where this step is measured.
        """
        every, measured = self.settings.gradient_statistics_every, {}
        statistics = every is not None and step % every == 0
        leftovers = [Leftovers() for _ in batches]
        sums: dict[str, Tensor] = {}
        for update in self.task.updates if isinstance(self.task, TurnTask) else SINGLE:
            for _ in range(update.times):
                learning = self._named(update.trains)
                gradients = TermGradients(
                    self.accelerator, self.trained, learning.values(), self.task.projected, statistics
                )
                for name, value in self._play(update, batches, leftovers, generator, step, gradients):
                    part = value / (len(batches) * update.times)
                    sums[name] = sums[name] + part if name in sums else part
                measured |= gradients.finish(order)
                self._apply(learning, self.settings.learning_rate_at(step) * update.rate)
        logged: dict[str, float] = {}
        for left in leftovers:
            for name, value in left.statistics.items():
                logged[name] = logged.get(name, 0.0) + value / len(batches)
        return sums, logged, measured

    def _play(
        self,
        update: Update,
        batches: list[Tensors],
        leftovers: list[Leftovers],
        generator: torch.Generator,
        step: int,
        gradients: TermGradients,
    ) -> Iterator[tuple[str, Tensor]]:
        """The passes of an update, one after the other; each gives its terms."""
        progress = step / self.settings.steps
        passes = [
            (batch, (turn, left) if isinstance(self.task, TurnTask) else ())
            for batch, left in zip(batches, leftovers, strict=True)
            for turn in update.turns
        ]
        for number, (batch, more) in enumerate(passes, start=1):
            # What the last pass skips would stay a process's own.
            with gradients.passing(more_to_come=number < len(passes) and not self.task.skips):
                with torch.autocast(self.device.type, torch.bfloat16, enabled=self.in_bfloat16):
                    terms = self.trained(batch, generator, progress, *more)
                terms = {name: value.float() for name, value in terms.items()}
                gradients.backward(terms, len(batches))
            for name, value in terms.items():
                yield name, value.detach()

    def _named(self, trains: str) -> dict[str, nn.Parameter]:
        """What learns of the parameters whose names begin with ``trains``."""
        named = self.task.named_parameters()
        return {name: value for name, value in named if name.startswith(trains) and value.requires_grad}

    def _apply(self, learning: dict[str, nn.Parameter], rate: float) -> None:
        """Step the parameters; gradients of the others are dropped."""
        for name, parameter in self.task.named_parameters():
            if name not in learning:
                parameter.grad = None  # Adam passes over parameters without gradient
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        if self.settings.gradient_clip is not None:
            self.accelerator.clip_grad_norm_(learning.values(), self.settings.gradient_clip)
        self.prepared.step()
        self.prepared.zero_grad(set_to_none=True)


def _share_statistics(task: Task, device: torch.device) -> None:
    """Let batch norm see the images of all processes."""
    if device.type == "cpu":
        raise UserError("sync_batch_norm", "torch has it on GPUs only", "set it to false")
    nn.SyncBatchNorm.convert_sync_batchnorm(task)


def _groups(task: Task) -> list[dict[str, Any]]:
    """What learns, by its factor on the learning rate."""
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in task.named_parameters():
        if parameter.requires_grad:
            fitting = [factor for prefix, factor in task.rates.items() if name.startswith(prefix)]
            groups.setdefault(fitting[0] if fitting else 1.0, []).append(parameter)
    return [{"params": group, "factor": factor} for factor, group in groups.items()]


class _Step(NamedTuple):
    """What is kept of a step until it is read."""

    step: int
    terms: dict[str, Tensor]
    logged: dict[str, float]


def _read(steps: list[dict[str, Tensor]]) -> list[dict[str, float]]:
    """The numbers of several steps, fetched from the device at once."""
    numbers = iter(torch.stack([one for terms in steps for one in terms.values()]).tolist())
    return [{name: next(numbers) for name in terms} for terms in steps]


class _Record:
    """What is written down about a run while it goes."""

    def __init__(
        self, accelerator: Accelerator, run_folder: Path, start: int, unlogged: Mapping[str, Any]
    ) -> None:
        self.accelerator, self.means, self.started = accelerator, Means(), time.monotonic()
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
        self, step: int, terms: dict[str, Tensor], logged: dict[str, float], gradients: dict[str, float]
    ) -> None:
        """Count one step; most are not measured, and say nothing of gradients."""
        self.unread.append(_Step(step, terms, logged))
        self.gradients.add(gradients)

    def write(self, step: int, rate: float) -> None:
        """Write the means since the last line, over all processes; only here the device is waited for.

        Raises:
            UserError: if the loss of a step since then is not finite; no state of it was saved.
        """
        self._read_all()
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
        if not self.unread:
            return {}
        self._read_all()
        return {"means": self.means.to_dict(), "gradients": self.gradients.to_dict()}

    def _read_all(self) -> None:
        for one, terms in zip(self.unread, _read([one.terms for one in self.unread]), strict=True):
            loss = sum(terms.values())
            if not math.isfinite(loss):
                remedy = "lower learning_rate, or use precision: fp32"
                raise UserError(self.run_folder, f"the loss of step {one.step} is {loss}", remedy)
            self.means.add({"loss": loss, **terms, **one.logged})
            self.note = f"loss {loss:.4f}"
        self.unread.clear()

    def _of_all(self, means: Means) -> dict[str, float]:
        together = Means(means.missing_is_zero)
        for of_process in gather_object([means.take()]):
            together.add(of_process)
        return together.take()


class _Numbered(Dataset[Tensors | UserError]):
    """The batches that remain, as a data set for DataLoader's worker processes.

    Those raise nothing but errors of one argument, so that ours are handed on.
    """

    def __init__(self, source: BatchSource, start: int, stop: int) -> None:
        self.source, self.start, self.stop = source, start, stop

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, index: int) -> Tensors | UserError:
        try:
            return self.source.batch(self.start + index)
        except UserError as error:
            return error


def read_ahead(
    source: BatchSource, start: int, settings: LoopSettings, device: torch.device
) -> Iterator[list[Tensors]]:
    """The batches of each remaining step, where the device can fetch them."""
    each = settings.accumulate
    numbered = _Numbered(source, start * each, settings.steps * each)
    # With batch_size=None and no collate function of ours, batches pass through as they are.
    pinned = device.type == "cuda"
    batches = iter(
        DataLoader(
            numbered,
            batch_size=None,
            num_workers=settings.workers,
            pin_memory=pinned,
            worker_init_fn=lambda _: leave_ctrl_c_to_parent(),
        )
    )
    while of_step := list(islice(batches, each)):
        for batch in of_step:
            if isinstance(batch, UserError):
                raise batch
        yield of_step

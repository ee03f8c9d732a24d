"""The training loop: explicit, resumable to the bit, and ignorant of what it trains."""

import math
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from torch import Tensor, nn

from acdepth.core.batches import Tensors
from acdepth.core.errors import UserError
from acdepth.core.identity import Identity
from acdepth.core.progress import progress
from acdepth.core.seeding import make_generator
from acdepth.core.stopping import asked_to_stop
from acdepth.engine.ahead import BatchSource, Drawing, read_ahead
from acdepth.engine.fault import Fault, fault_to_replay, forget_fault, look_into
from acdepth.engine.gradients import TermGradients
from acdepth.engine.processes import of_processes, share_of_processes, telling_of_lost, training_device
from acdepth.engine.record import Record
from acdepth.engine.settings import LoopSettings
from acdepth.engine.state import STATES, StateWriter, load_newest_state
from acdepth.engine.task import SINGLE, Leftovers, Task, TurnTask, Update

BETA2 = 0.999
"""Adam's decay of the mean squared gradient."""
FUSED = ("cpu", "cuda")
"""Devices on which one kernel does a whole step of Adam."""


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
        UserError: if loss or gradient stop being finite, or the folder belongs to another run.
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
    draw = Drawing(source, settings.accumulate)
    if (fault := fault_to_replay(run_folder)) is not None:
        _replay(fault, title, updates, draw, start)
    forget_fault(run_folder)
    record = Record(accelerator, run_folder, start, unlogged, draw)
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
            on_device = [batch.to(device) for batch in batches_of_step]
            record.add(step, *updates.step(on_device, title, step), updates.gradient_norm)
            if device.type == "cpu":  # which has the numbers already
                record.read()
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
        self, batches: list[Tensors], title: str, step: int
    ) -> tuple[dict[str, Tensor], dict[str, float], dict[str, float]]:
        """The updates of one step on its batches; ``title`` names the run's random draws.

        Nothing here waits for the device, unless gradients are compared or projected.

        Returns:
            The loss terms, which may still be computed; what else the task wants logged; how gradients lie to
            each other, where this step is measured.
        """
        seed, rank = self.settings.seed, self.accelerator.process_index
        generator = make_generator(seed, title, "step", step, rank)
        order = make_generator(seed, title, "order of projections", step)  # the same in every process
        every, measured = self.settings.gradient_statistics_every, {}
        self.gradient_norm = torch.zeros((), device=self.device)
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
        clip = self.settings.gradient_clip
        norm = self.accelerator.clip_grad_norm_(learning.values(), math.inf if clip is None else clip)
        if norm is not None:  # as of engines that keep it to themselves
            self.gradient_norm = self.gradient_norm + norm
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


def _replay(fault: Fault, title: str, updates: Updates, draw: Drawing, start: int) -> NoReturn:
    """Train from the last saved state up to the step of a fault, and look into that one."""
    for step in range(start, fault.step + 1):
        batches = [batch.to(updates.device) for batch in draw(step)]
        if step < fault.step:
            updates.step(batches, title, step)
    look_into(fault, updates.task, batches, lambda: updates.step(batches, title, fault.step)[0])

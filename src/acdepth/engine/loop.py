"""The training loop: explicit, resumable to the bit, and ignorant of what it trains."""

import math
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from accelerate.state import AcceleratorState
from accelerate.utils import broadcast_object_list
from torch import nn
from torch.utils.data import DataLoader, Dataset

from acdepth.core.batches import Tensors
from acdepth.core.errors import UserError
from acdepth.core.identity import Identity
from acdepth.core.precision import fast_bfloat16
from acdepth.core.progress import progress
from acdepth.core.seeding import make_generator
from acdepth.engine.gradients import TermGradients
from acdepth.engine.log import Means, RunLog
from acdepth.engine.schedule import learning_rate
from acdepth.engine.settings import LoopSettings
from acdepth.engine.state import STATES, load_newest_state, save_state
from acdepth.engine.task import SINGLE, Leftovers, Task, TurnTask, Update

BETA2 = 0.999
"""Adam's decay of the mean squared gradient."""


class BatchSource(Protocol):
    """Batches by number. Because a batch depends on nothing but its number, any run can resume exactly."""

    def batch(self, step: int) -> Tensors:
        """The batch of one step, on the CPU."""
        ...


def make_accelerator(settings: LoopSettings, run_folder: Path, in_turns: bool = False) -> Accelerator:
    """The device, precision, process group and trackers that ``settings`` ask for.

    Args:
        settings: of the loop.
        run_folder: for the trackers' files.
        in_turns: whether a pass may leave some networks out, as a turn does.
    """
    # Accelerate keeps precision for the life of the process, but each stage has its own. The process group,
    # which is kept apart from it, stays.
    AcceleratorState._reset_state()
    return Accelerator(
        mixed_precision="bf16" if _in_bfloat16(settings) else "no",
        cpu=settings.device == "cpu",
        log_with=list(settings.trackers) or None,
        project_dir=run_folder,
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=in_turns)],
    )


def _in_bfloat16(settings: LoopSettings) -> bool:
    if settings.precision == "auto":
        on_gpu = settings.device == "auto" and torch.cuda.is_available()
        return fast_bfloat16(torch.device("cuda" if on_gpu else "cpu"))
    return settings.precision == "bf16"


def fit(
    title: str,
    task: Task,
    batches: Callable[[int, int], BatchSource],
    settings: LoopSettings,
    run_folder: Path,
    made_from: Identity,
    on_interval: Callable[[int], object] | None = None,
) -> None:
    """Train ``task`` in place for ``settings.steps`` steps, resuming from ``run_folder`` where it can.

    Args:
        title: stands before the progress bar and names the run's random draws.
        task: its parameters that require gradients are trained.
        batches: gives the batch source of a process from (rank, number of processes).
        settings: length, speed, precision, seed.
        run_folder: gets ``checkpoints/``, ``log.jsonl`` and the trackers' files.
        made_from: everything that shapes the run; another run's state is refused.
        on_interval: called by the main process after each saved state, with the number of finished steps;
            True ends the run.

    Raises:
        UserError: if the loss stops being finite, or the folder belongs to another run.
    """
    accelerator = make_accelerator(settings, run_folder, isinstance(task, TurnTask))
    source = batches(accelerator.process_index, accelerator.num_processes)
    updates = _Updates(accelerator, task, settings)
    states = run_folder / STATES
    start = load_newest_state(states, task, updates.optimizer, made_from)
    updates.prepare()
    record = _Record(accelerator, run_folder, start)
    with progress(title, settings.steps, done=start) as advance:
        for step, batches_of_step in enumerate(_read_ahead(source, start, settings), start=start):
            generator = make_generator(settings.seed, title, "step", step, accelerator.process_index)
            on_device = [batch.to(accelerator.device) for batch in batches_of_step]
            order = make_generator(settings.seed, title, "order of projections", step)
            terms, gradients = updates.step(on_device, generator, order, step)
            record.add(terms, gradients)
            finished = step + 1
            if not math.isfinite(terms["loss"]):
                raise UserError(
                    run_folder,
                    f"the loss of step {step} is {terms['loss']}",
                    "lower learning_rate, or use precision: fp32",
                )
            if finished % settings.log_every == 0 or finished == settings.steps:
                record.write(finished, learning_rate(settings, step))
            if finished % settings.checkpoint_every == 0 or finished == settings.steps:
                updates.save(states, finished, made_from)
                if on_interval and _ends_run(accelerator, on_interval, finished):
                    break
            advance(note=f"loss {terms['loss']:.4f}")
    accelerator.end_training()


def _ends_run(accelerator: Accelerator, on_interval: Callable[[int], object], finished: int) -> bool:
    """Ask the main process; the others wait for its answer."""
    answer = [accelerator.is_main_process and on_interval(finished) is True]
    return bool(broadcast_object_list(answer)[0])


class _Updates:
    """The optimiser's side of the loop."""

    def __init__(self, accelerator: Accelerator, task: Task, settings: LoopSettings) -> None:
        self.accelerator, self.task, self.settings = accelerator, task, settings
        task.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.optimizer = torch.optim.AdamW(
            _groups(task),
            lr=settings.learning_rate,
            betas=(settings.beta1, BETA2),
            weight_decay=settings.weight_decay,
        )

    def prepare(self) -> None:
        """Hand the networks to Accelerate, after a saved state has been loaded into them."""
        self.task.to_device(self.accelerator.device)
        self.trained, self.prepared = self.accelerator.prepare(self.task, self.optimizer)
        self.trained.train()

    def step(
        self, batches: list[Tensors], generator: torch.Generator, order: torch.Generator, step: int
    ) -> tuple[dict[str, float], dict[str, float]]:
        """The updates of one step.

        Args:
            batches: of the step, on the device.
            generator: for the task.
            order: for the order of projections; the same in every process.
            step: counted from 0.

        Returns:
            The loss, its terms and what else the task wants logged; how gradients lie to each other, where
            this step is measured.
        """
        every, measured = self.settings.gradient_statistics_every, {}
        statistics = every is not None and step % every == 0
        leftovers = [Leftovers() for _ in batches]
        sums: dict[str, float] = {}
        for update in self.task.updates if isinstance(self.task, TurnTask) else SINGLE:
            for _ in range(update.times):
                gradients = self._gradients(update.trains, measured=statistics)
                for name, value in self._play(update, batches, leftovers, generator, step, gradients):
                    sums[name] = sums.get(name, 0.0) + value / (len(batches) * update.times)
                measured |= gradients.finish(order)
                self._apply(update.trains, learning_rate(self.settings, step) * update.rate)
        logged = {"loss": sum(sums.values()), **sums}
        for left in leftovers:
            for name, value in left.statistics.items():
                logged[name] = logged.get(name, 0.0) + value / len(batches)
        return logged, measured

    def _play(
        self,
        update: Update,
        batches: list[Tensors],
        leftovers: list[Leftovers],
        generator: torch.Generator,
        step: int,
        gradients: TermGradients,
    ) -> Iterator[tuple[str, float]]:
        """The passes of an update, one after the other; each gives its terms."""
        progress = step / self.settings.steps
        for batch, left in zip(batches, leftovers, strict=True):
            for turn in update.turns:
                more = (turn, left) if isinstance(self.task, TurnTask) else ()
                with gradients.passing():
                    terms = self.trained(batch, generator, progress, *more)
                    gradients.backward(terms, len(batches))
                for name, value in terms.items():
                    yield name, float(value.detach())

    def _gradients(self, trains: str, measured: bool) -> TermGradients:
        """What takes the backward passes of an update that such parameters learn from."""
        named = self.task.named_parameters()
        learning = [value for name, value in named if name.startswith(trains) and value.requires_grad]
        return TermGradients(self.accelerator, self.trained, learning, self.task.projected, measured)

    def _apply(self, trains: str, rate: float) -> None:
        """Step those parameters whose names begin with ``trains``; gradients of the others are dropped."""
        learning = []
        for name, parameter in self.task.named_parameters():
            if name.startswith(trains):
                learning.append(parameter)
            else:
                parameter.grad = None  # Adam passes over parameters without gradient
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        if self.settings.gradient_clip is not None:
            self.accelerator.clip_grad_norm_(learning, self.settings.gradient_clip)
        self.prepared.step()
        self.prepared.zero_grad(set_to_none=True)

    def save(self, folder: Path, step: int, made_from: Identity) -> None:
        """Save the run's state, once for all processes."""
        if self.accelerator.is_main_process:
            save_state(folder, step, self.task, self.optimizer, made_from)


def _groups(task: Task) -> list[dict[str, Any]]:
    """What learns, by its factor on the learning rate."""
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in task.named_parameters():
        if parameter.requires_grad:
            fitting = [factor for prefix, factor in task.rates.items() if name.startswith(prefix)]
            groups.setdefault(fitting[0] if fitting else 1.0, []).append(parameter)
    return [{"params": group, "factor": factor} for factor, group in groups.items()]


class _Record:
    """What is written down about a run while it goes."""

    def __init__(self, accelerator: Accelerator, run_folder: Path, start: int) -> None:
        self.accelerator, self.means, self.started = accelerator, Means(), time.monotonic()
        self.gradients = Means(missing_is_zero=False)
        self.log = RunLog(run_folder / "log.jsonl", start) if accelerator.is_main_process else None
        # What a killed run logged after its last state comes again: TensorBoard is told to drop the first.
        accelerator.init_trackers("tracked", init_kwargs={"tensorboard": {"purge_step": start + 1}})

    def add(self, terms: dict[str, float], gradients: dict[str, float]) -> None:
        """Count one step; most are not measured, and say nothing of gradients."""
        self.means.add(terms)
        self.gradients.add(gradients)

    def write(self, step: int, rate: float) -> None:
        """Write the means since the last line."""
        terms, gradients = self.means.take(), self.gradients.take()
        loss = terms.pop("loss")
        if self.log:
            seconds = round(time.monotonic() - self.started, 2)
            measured = {"gradients": gradients} if gradients else {}
            self.log.add(step=step, loss=loss, terms=terms, learning_rate=rate, seconds=seconds, **measured)
        named = {f"gradients/{name}": value for name, value in gradients.items()}
        self.accelerator.log({"loss": loss, "learning_rate": rate, **terms, **named}, step=step)


class _Numbered(Dataset[Tensors]):
    """The batches that remain, as a data set for DataLoader's worker processes."""

    def __init__(self, source: BatchSource, start: int, stop: int) -> None:
        self.source, self.start, self.stop = source, start, stop

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, index: int) -> Tensors:
        return self.source.batch(self.start + index)


def _read_ahead(source: BatchSource, start: int, settings: LoopSettings) -> Iterator[list[Tensors]]:
    """The batches of each remaining step."""
    each = settings.accumulate
    numbered = _Numbered(source, start * each, settings.steps * each)
    # With batch_size=None and no collate function of ours, batches pass through as they are.
    batches = iter(DataLoader(numbered, batch_size=None, num_workers=settings.workers))
    while of_step := list(islice(batches, each)):
        yield of_step

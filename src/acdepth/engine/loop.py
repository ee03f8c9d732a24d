"""The training loop: explicit, resumable to the bit, and ignorant of what it trains."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from acdepth.core.errors import UserError
from acdepth.core.progress import progress
from acdepth.core.sample import Tensors
from acdepth.core.seeding import make_generator
from acdepth.engine.log import Means, RunLog
from acdepth.engine.schedule import learning_rate
from acdepth.engine.settings import LoopSettings
from acdepth.engine.state import STATES, load_newest_state, save_state


class Task(nn.Module, ABC):
    """What a stage brings to the loop: the trained networks as submodules, and their losses.

    Frozen networks must not be submodules, or they would be saved, wrapped and put into training mode.
    """

    @abstractmethod
    def forward(self, batch: Tensors, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted scalar loss terms of one batch; the loop minimises their sum.

        Args:
            batch: already on the device.
            generator: on the CPU, for every draw of this step.
            progress: part of the run that is done, in 0..1.
        """

    def to_device(self, device: torch.device) -> None:
        """Move what is not a submodule, such as frozen networks; by default nothing."""


class BatchSource(Protocol):
    """Batches by number. Because a batch depends on nothing but its number, any run can resume exactly."""

    def batch(self, step: int) -> Tensors:
        """The batch of one step, on the CPU."""
        ...


def make_accelerator(settings: LoopSettings, run_folder: Path) -> Accelerator:
    """The device, precision, process group and trackers that ``settings`` ask for."""
    # Accelerate keeps precision for the life of the process, but each stage has its own. The process group,
    # which is kept apart from it, stays.
    AcceleratorState._reset_state()
    return Accelerator(
        mixed_precision="bf16" if settings.precision == "bf16" else "no",
        cpu=settings.device == "cpu",
        log_with=list(settings.trackers) or None,
        project_dir=run_folder,
    )


def fit(
    title: str,
    task: Task,
    batches: Callable[[int, int], BatchSource],
    settings: LoopSettings,
    run_folder: Path,
    made_by: str,
) -> None:
    """Train ``task`` in place for ``settings.steps`` steps, resuming from ``run_folder`` where it can.

    Args:
        title: stands before the progress bar and names the run's random draws.
        task: its parameters that require gradients are trained.
        batches: gives the batch source of a process from (rank, number of processes).
        settings: length, speed, precision, seed.
        run_folder: gets ``checkpoints/``, ``log.jsonl`` and the trackers' files.
        made_by: hash of everything that shapes the run; another run's state is refused.

    Raises:
        UserError: if the loss stops being finite, or the folder belongs to another run.
    """
    accelerator = make_accelerator(settings, run_folder)
    source = batches(accelerator.process_index, accelerator.num_processes)
    updates = _Updates(accelerator, task, settings)
    states = run_folder / STATES
    start = load_newest_state(states, task, updates.optimizer, made_by)
    updates.prepare()
    record = _Record(accelerator, run_folder, start)
    with progress(title, settings.steps, done=start) as advance:
        for step, batch in enumerate(_read_ahead(source, start, settings), start=start):
            generator = make_generator(settings.seed, title, "step", step, accelerator.process_index)
            terms = updates.step(batch.to(accelerator.device), generator, step)
            record.add(terms)
            finished = step + 1
            if not math.isfinite(terms["loss"]):
                raise UserError(
                    f"{run_folder}: the loss of step {step} is {terms['loss']}; "
                    "lower learning_rate, or use precision: fp32"
                )
            if finished % settings.log_every == 0 or finished == settings.steps:
                record.write(finished, learning_rate(settings, step))
            if finished % settings.checkpoint_every == 0 or finished == settings.steps:
                updates.save(states, finished, made_by)
            advance(note=f"loss {terms['loss']:.4f}")
    accelerator.end_training()


class _Updates:
    """The optimiser's side of the loop."""

    def __init__(self, accelerator: Accelerator, task: Task, settings: LoopSettings) -> None:
        self.accelerator, self.task, self.settings = accelerator, task, settings
        task.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.parameters = [parameter for parameter in task.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay
        )

    def prepare(self) -> None:
        """Hand the networks to Accelerate, after a saved state has been loaded into them."""
        self.task.to_device(self.accelerator.device)
        self.trained, self.prepared = self.accelerator.prepare(self.task, self.optimizer)
        self.trained.train()

    def step(self, batch: Tensors, generator: torch.Generator, step: int) -> dict[str, float]:
        """One update; returns the loss and its terms."""
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.settings, step)
        terms = self.trained(batch, generator, step / self.settings.steps)
        loss = torch.stack(list(terms.values())).sum()
        self.accelerator.backward(loss)
        if self.settings.gradient_clip is not None:
            self.accelerator.clip_grad_norm_(self.parameters, self.settings.gradient_clip)
        self.prepared.step()
        self.prepared.zero_grad(set_to_none=True)
        return {name: float(value.detach()) for name, value in {"loss": loss, **terms}.items()}

    def save(self, folder: Path, step: int, made_by: str) -> None:
        """Save the run's state, once for all processes."""
        if self.accelerator.is_main_process:
            save_state(folder, step, self.task, self.optimizer, made_by)


class _Record:
    """What is written down about a run while it goes."""

    def __init__(self, accelerator: Accelerator, run_folder: Path, start: int) -> None:
        self.accelerator, self.means, self.started = accelerator, Means(), time.monotonic()
        self.log = RunLog(run_folder / "log.jsonl", start) if accelerator.is_main_process else None
        # What a killed run logged after its last state comes again: TensorBoard is told to drop the first.
        accelerator.init_trackers("tracked", init_kwargs={"tensorboard": {"purge_step": start + 1}})

    def add(self, terms: dict[str, float]) -> None:
        """Count one step."""
        self.means.add(terms)

    def write(self, step: int, rate: float) -> None:
        """Write the means since the last line."""
        terms = self.means.take()
        loss = terms.pop("loss")
        if self.log:
            seconds = round(time.monotonic() - self.started, 2)
            self.log.add(step=step, loss=loss, terms=terms, learning_rate=rate, seconds=seconds)
        self.accelerator.log({"loss": loss, "learning_rate": rate, **terms}, step=step)


class _Steps(Dataset[Tensors]):
    """The batches of the remaining steps, as a data set for DataLoader's worker processes."""

    def __init__(self, source: BatchSource, start: int, stop: int) -> None:
        self.source, self.start, self.stop = source, start, stop

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, index: int) -> Tensors:
        return self.source.batch(self.start + index)


def _read_ahead(source: BatchSource, start: int, settings: LoopSettings) -> DataLoader[Tensors]:
    # With batch_size=None and no collate function of ours, batches pass through as they are.
    return DataLoader(_Steps(source, start, settings.steps), batch_size=None, num_workers=settings.workers)

"""A training that stops being finite: what is kept of the step, and that step done again and looked into."""

import json
import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from acdepth.core.batches import Tensors
from acdepth.core.drawn import drawn_images
from acdepth.core.errors import UserError, first_line
from acdepth.core.files import read_json, write_json

FAULT_FILE = "fault.json"
NAMED = 3
"""Of many modules or weights so many are named."""


@dataclass(frozen=True)
class Fault:
    """``fault.json``: the step of a training whose loss or gradient is not finite."""

    step: int
    """The first is 0."""
    rank: int
    """Of the process that met it."""
    terms: dict[str, str]
    """Loss terms and the norm of the gradient; as text, for JSON has no infinity."""
    images: list[str] = field(default_factory=list)
    """That the step's batches are made of, as far as they have names."""

    @classmethod
    def read(cls, run_folder: Path) -> "Fault":
        """Raises `UserError` if the folder holds none."""
        try:
            return cls(**read_json(run_folder / FAULT_FILE))
        except TypeError as error:
            raise UserError(run_folder / FAULT_FILE, "is not as acdepth writes it") from error


def refuse_infinite(
    run_folder: Path,
    step: int,
    rank: int,
    numbers: Mapping[str, float],
    draw: Callable[[], object],
) -> None:
    """Stop a training at a step that is not finite, and keep what it was made of.

    Args:
        run_folder: gets ``fault.json``.
        step: its number.
        rank: of this process.
        numbers: the step's loss terms and the norm of its gradient.
        draw: makes the step's batches once more.

    Raises:
        UserError: if a number is not finite.
    """
    if all(map(math.isfinite, numbers.values())):
        return
    with drawn_images() as images:
        draw()
    fault = Fault(step, rank, {name: f"{value:.6g}" for name, value in numbers.items()}, images)
    write_json(run_folder / FAULT_FILE, asdict(fault))
    bad = ", ".join(f"{name} is {value}" for name, value in numbers.items() if not math.isfinite(value))
    what = f"step {step} is not finite: {bad}"
    remedy = f"acdepth replay {run_folder} looks into it; or lower learning_rate, or use precision: fp32"
    raise UserError(run_folder, what, remedy)


class Replayed(Exception):
    """The step was done again; ``lines`` say what was seen."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(lines)
        self.lines = lines


_replaying: ContextVar[bool] = ContextVar("replaying", default=False)


@contextmanager
def replaying() -> Iterator[None]:
    """While it lasts, a training whose folder holds a fault ends in `Replayed`, and saves nothing."""
    token = _replaying.set(True)
    try:
        yield
    finally:
        _replaying.reset(token)


def fault_to_replay(run_folder: Path) -> Fault | None:
    """The fault that is to be looked into; None in an ordinary run."""
    there = _replaying.get() and (run_folder / FAULT_FILE).exists()
    return Fault.read(run_folder) if there else None


def look_into(
    fault: Fault, task: nn.Module, batches: list[Tensors], step: Callable[[], Mapping[str, Tensor]]
) -> NoReturn:
    """Do the step of a fault again, and end in `Replayed` with what was seen.

    Args:
        fault: as kept.
        task: what is trained, as before the step.
        batches: of the step, on the device.
        step: does it and returns the loss terms.
    """
    lines = [f"step {fault.step}, as it was: {json.dumps(fault.terms)}"]
    lines += [f"image {name}" for name in fault.images]
    lines += [line for batch in batches for line in _told(batch)]
    lines += _named("weights before the step", dict(task.named_parameters()))
    seen: list[str] = []
    hooks = [
        module.register_forward_hook(_watching(name, seen)) for name, module in task.named_modules() if name
    ]
    try:
        with torch.autograd.set_detect_anomaly(True), warnings.catch_warnings(record=True) as said:
            terms = step()
        lines += [f"loss term {name}: {float(value):.6g}" for name, value in terms.items()]
    except RuntimeError as error:  # autograd names the operation whose gradient is no number
        lines.append(f"gradient: {first_line(error)}")
        lines += [place for warning in said for place in _made_at(str(warning.message))]
    finally:
        for hook in hooks:
            hook.remove()
    lines += [f"first output that is not finite: {name}" for name in seen[:1]]
    lines += _named("weights after the step", dict(task.named_parameters()))
    raise Replayed(lines)


def _made_at(trace: str) -> list[str]:
    """Where the operation was made, by the innermost lines of the trace in autograd's warning."""
    lines = [line.strip() for line in trace.splitlines()]
    places = [number for number, line in enumerate(lines) if line.startswith('File "')]
    return [f"made at {' '.join(lines[number : number + 2])}" for number in places[-1:]]


def _told(batch: Tensors, prefix: str = "batch") -> Iterator[str]:
    """Range of each tensor of a batch."""
    for one in fields(batch):
        parts = getattr(batch, one.name)
        for part in parts if isinstance(parts, tuple) else (parts,):
            name = f"{prefix}.{one.name}"
            if isinstance(part, Tensors):
                yield from _told(part, name)
            elif part is not None and part.numel():
                yield f"{name} {tuple(part.shape)}: {_range(part)}"


def _range(tensor: Tensor) -> str:
    finite = tensor[tensor.isfinite()].float()
    told = f"{finite.min():.4g} to {finite.max():.4g}" if finite.numel() else "no number"
    bad = tensor.numel() - finite.numel()
    return f"{told}, {bad} not finite" if bad else told


def _named(title: str, tensors: Mapping[str, Tensor]) -> list[str]:
    """A line on the tensors that are not finite; none where all are."""
    bad = [name for name, one in tensors.items() if not one.isfinite().all()]
    return [f"{title}: {len(bad)} not finite ({', '.join(bad[:NAMED])})"] if bad else []


def _watching(name: str, seen: list[str]) -> Callable[[nn.Module, Any, Any], None]:
    def hook(module: nn.Module, inputs: Any, output: Any) -> None:
        if not seen and any(not one.isfinite().all() for one in _tensors(output)):
            seen.append(f"{name} ({type(module).__name__})")

    return hook


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        if value.is_floating_point():
            yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _tensors(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _tensors(one)


def forget_fault(run_folder: Path) -> None:
    """A run that goes on meets its fault again, if it still has one."""
    with suppress(OSError):
        (run_folder / FAULT_FILE).unlink()

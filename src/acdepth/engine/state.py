"""A run's state in one file: weights, optimiser moments and the step, without pickles."""

import hashlib
import json
import logging
import struct
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Self

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from acdepth.core.errors import UserError, first_line
from acdepth.core.files import write_bytes, writing
from acdepth.core.identity import Identity, in_one_line

STATES = "checkpoints"
"""Folder of the states in a run folder."""
KEPT_STATES = 2
"""Saved states that stay: the newest, and one before it should the newest turn out damaged."""
CHECKED_BY = "sha256"
"""Where a state keeps the hash of what it holds."""
STEPS = ".steps"
"""How the setting's name ends that says how long a run is."""


class StateWriter:
    """Saves the states of a run beside its training: only copying the numbers keeps that waiting.

    A state is whole or not there. The context ends when the last one is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self._thread = folder, ThreadPoolExecutor(1, "state")
        self._written: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._thread:
            self.wait()

    def forget_before(self, step: int) -> None:
        """Remove what a kill right after a state was saved has left of earlier ones."""
        for old in [path for path in _states(self.folder) if path <= _path(self.folder, step)][:-KEPT_STATES]:
            with writing(old):
                old.unlink(missing_ok=True)

    def save(
        self,
        step: int,
        task: nn.Module,
        optimizer: torch.optim.Optimizer,
        made_from: Identity,
        unlogged: Mapping[str, Any],
    ) -> None:
        """Write ``folder/step_0000100.safetensors`` atomically and remove all but the newest states.

        Frozen parameters are left out: they are where they came from. ``unlogged`` is what the next line of
        the log will tell of the steps so far.

        Raises:
            UserError: if the state before this one could not be written.
        """
        self.wait()
        frozen = _frozen(task)
        tensors = {f"task.{name}": value for name, value in task.state_dict().items() if name not in frozen}
        for index, moments in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": value for name, value in moments.items()}
        copied = {name: _copied(tensor) for name, tensor in tensors.items()}
        metadata = {"step": str(step), "made_from": json.dumps(dict(made_from.values), sort_keys=True)}
        if unlogged:
            metadata["unlogged"] = json.dumps(unlogged)
        self._written = self._thread.submit(_write, _path(self.folder, step), copied, metadata)

    def wait(self) -> None:
        """Until the newest state is on the disk.

        Raises:
            UserError: if it could not be written.
        """
        if self._written is not None:
            written, self._written = self._written, None
            written.result()


def _copied(tensor: Tensor) -> Tensor:
    """On the CPU, row after row, sharing nothing with what training changes."""
    return torch.empty(tensor.shape, dtype=tensor.dtype).copy_(tensor.detach())


def _write(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    write_bytes(path, save(tensors, {**metadata, CHECKED_BY: _hash(tensors, metadata)}))
    folder = path.parent
    # What claims to be later was passed over as damaged.
    kept = [state for state in _states(folder) if state <= path][-KEPT_STATES:]
    for other in set(_states(folder)).difference(kept):
        with writing(other):
            other.unlink(missing_ok=True)


def _hash(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """SHA-256 of all that a state says, the hash itself apart."""
    told = {name: value for name, value in metadata.items() if name != CHECKED_BY}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def refuse_other_run(run_folder: Path, made_from: Identity, extend: bool = False) -> None:
    """Raise `UserError` if ``run_folder`` holds states of a run that was made from something else.

    To be asked before anything is written there; ``extend`` as `LoopSettings.extend`.
    """
    if (found := _newest(run_folder / STATES, _read_about)) is not None:
        _refuse_changes(found.path.parent, found.metadata, made_from, extend)


class Start(NamedTuple):
    """Where a run goes on."""

    step: int = 0
    """Finished steps."""
    unlogged: Mapping[str, Any] = MappingProxyType({})
    """What the next line of the log tells of them."""


def load_newest_state(
    folder: Path, task: nn.Module, optimizer: torch.optim.Optimizer, made_from: Identity, extend: bool = False
) -> Start:
    """Load the newest state into ``task`` and ``optimizer``, and tell where that is.

    A damaged state is passed over for the one before it, with a warning.

    Raises:
        UserError: if the state belongs to another run (see `refuse_other_run`), or all are damaged.
    """
    found = _newest(folder, _read_whole)
    if found is None:
        return Start()
    path, metadata, tensors = found
    _refuse_changes(folder, metadata, made_from, extend)
    try:
        current = task.state_dict()
        frozen = {name: current[name] for name in _frozen(task)}
        task.load_state_dict({**frozen, **_below(tensors, "task.")})
        _load_moments(optimizer, _below(tensors, "optimizer."))
        return Start(int(metadata["step"]), json.loads(metadata.get("unlogged", "{}")))
    except (RuntimeError, ValueError, KeyError) as error:
        what = f"is damaged, or of another network ({first_line(error)})"
        raise UserError(path, what, "delete it, and the run goes on from the state before") from error


def _path(folder: Path, step: int) -> Path:
    return folder / f"step_{step:07d}.safetensors"


def _states(folder: Path) -> list[Path]:
    return sorted(folder.glob("step_*.safetensors"))


class _State(NamedTuple):
    path: Path
    metadata: dict[str, str]
    tensors: dict[str, Tensor]


def _newest(folder: Path, read: Callable[[Path], _State]) -> _State | None:
    """The newest state that can be read; where whole ones are, what is damaged is told."""
    damaged = []
    for path in reversed(_states(folder)):
        try:
            found = read(path)
        except (SafetensorError, OSError, ValueError, struct.error) as error:
            damaged.append(f"{path.name} is damaged ({error})")
            continue
        if damaged and read is _read_whole:
            logging.getLogger("acdepth").warning(
                "%s: %s; going on from %s", folder, ", ".join(damaged), path.name
            )
        return found
    if damaged:
        raise UserError(folder, f"has no other state: {', '.join(damaged)}", "delete it to begin anew")
    return None


def _read_about(path: Path) -> _State:
    """What a state says about itself; safetensors refuses one cut short."""
    with safe_open(path, "pt") as stored:
        return _State(path, stored.metadata() or {}, {})


def _read_whole(path: Path) -> _State:
    """All of it; raises `ValueError` if that is not what was written."""
    metadata, tensors = _read_about(path).metadata, load_file(path)
    if CHECKED_BY in metadata and metadata[CHECKED_BY] != _hash(tensors, metadata):  # earlier ones have none
        raise ValueError("its content is not what was written")
    return _State(path, metadata, tensors)


def _refuse_changes(folder: Path, metadata: Mapping[str, str], made_from: Identity, extend: bool) -> None:
    remedy = "give another --out, or delete that folder"
    if "made_from" not in metadata:
        raise UserError(folder, "holds a run of an earlier version", remedy)
    try:
        former = json.loads(metadata["made_from"])
    except ValueError as error:
        raise UserError(folder, f"holds a damaged state ({error})", remedy) from error
    changes = made_from.changes(former)
    longer = [name for name in changes if _is_more_steps(name, former, made_from.values)]
    if len(longer) == len(changes):
        if extend or not changes:
            return
        flag = longer[0].removesuffix(STEPS)
        remedy = f"--{flag}.extend goes on from its last state, on the new learning rate; or {remedy}"
    raise UserError(folder, f"holds a run with other settings or data ({in_one_line(changes)})", remedy)


def _is_more_steps(name: str, former: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    return name.endswith(STEPS) and name in former and name in now and former[name] < now[name]


def _frozen(task: nn.Module) -> set[str]:
    """Names of parameters that do not learn."""
    named = task.named_parameters(remove_duplicate=False)
    return {name for name, parameter in named if not parameter.requires_grad}


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _load_moments(optimizer: torch.optim.Optimizer, moments: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in moments.items():
        index, moment = name.split(".", 1)
        state.setdefault(int(index), {})[moment] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    for parameter, loaded in optimizer.state.items():
        for name, value in loaded.items():
            if value.shape == parameter.shape:
                # Fused Adam pairs numbers by their place in memory, and files know one layout alone.
                loaded[name] = torch.empty_like(parameter, requires_grad=False).copy_(value)

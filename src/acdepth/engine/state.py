"""A run's state in one file: weights, optimiser moments and the step, without pickles."""

import json
import struct
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from acdepth.core.errors import UserError
from acdepth.core.files import write_bytes
from acdepth.core.identity import Identity, in_one_line

STATES = "checkpoints"
"""Folder of the states in a run folder."""
KEPT_STATES = 2
"""Saved states that stay: the newest, and one before it should the newest turn out damaged."""


def save_state(
    folder: Path, step: int, task: nn.Module, optimizer: torch.optim.Optimizer, made_from: Identity
) -> None:
    """Write ``folder/step_0000100.safetensors`` atomically and remove all but the newest states.

    Frozen parameters are left out: they are where they came from. ``made_from`` is everything that shapes the
    run; `load_newest_state` refuses another.
    """
    frozen = _frozen(task)
    tensors = {f"task.{name}": value for name, value in task.state_dict().items() if name not in frozen}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in moments.items()}
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    metadata = {"step": str(step), "made_from": json.dumps(dict(made_from.values))}
    write_bytes(folder / f"step_{step:07d}.safetensors", save(tensors, metadata))
    for old in sorted(folder.glob("step_*.safetensors"))[:-KEPT_STATES]:
        old.unlink()


def refuse_other_run(run_folder: Path, made_from: Identity) -> None:
    """Raise `UserError` if ``run_folder`` holds states of a run that was made from something else.

    To be asked before anything is written there.
    """
    states = sorted((run_folder / STATES).glob("step_*.safetensors"))
    if states:
        _metadata_of(states[-1], made_from)


def load_newest_state(
    folder: Path, task: nn.Module, optimizer: torch.optim.Optimizer, made_from: Identity
) -> int:
    """Load the newest state into ``task`` and ``optimizer`` and return its step; 0 if there is none.

    Raises:
        UserError: if the state belongs to a run with other settings or data, or is damaged.
    """
    states = sorted(folder.glob("step_*.safetensors"))
    if not states:
        return 0
    path = states[-1]
    metadata = _metadata_of(path, made_from)
    tensors = load_file(path)
    current = task.state_dict()
    frozen = {name: current[name] for name in _frozen(task)}
    task.load_state_dict({**frozen, **_below(tensors, "task.")})
    _load_moments(optimizer, _below(tensors, "optimizer."))
    return int(metadata["step"])


def _metadata_of(path: Path, made_from: Identity) -> dict[str, str]:
    """What a state of this run says about itself; safetensors refuses a file that is cut short."""
    try:
        with safe_open(path, "pt") as stored:
            metadata = stored.metadata()
    except (SafetensorError, OSError, json.JSONDecodeError, struct.error) as error:
        raise UserError(path, f"damaged ({error})", "delete it to resume from the state before it") from error
    if "made_from" not in metadata:
        changes = "it is of an earlier version"
    else:
        changes = in_one_line(made_from.changes(json.loads(metadata["made_from"])))
    if changes:
        raise UserError(
            path.parent,
            f"holds a run with other settings or data ({changes})",
            "give another --out, or delete that folder",
        )
    return metadata


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

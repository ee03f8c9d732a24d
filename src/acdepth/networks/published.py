"""Checkpoints that others published, as ours: ACDepth's and md4all's Lightning files, monodepth2's pairs.

Their weights are not part of this package, and their licences are their owners' (non-commercial).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file
from acdepth.networks.checkpoint import CheckpointCard, torch_reason
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.networks.reference import load_reference_weights

Kind = Literal["acdepth", "md4all", "monodepth2"]
DataSet = Literal["nuscenes", "robotcar"]

FIRST_WEIGHT = "encoder.encoder.conv1.weight"
"""Every published depth network has it, behind whatever its owner is called."""
LEARNT_MODEL = "depth_model."
"""What a Lightning file calls the network that was trained; its teacher and prior have other names."""


@dataclass(frozen=True)
class _DataSet:
    input_size: tuple[int, int]
    """(height, width) [px]."""
    mean: tuple[float, float, float]
    """Of the clear day images, for all channels."""
    std: tuple[float, float, float]
    night_mean: tuple[float, float, float]
    """Of the night's; the published code is told which images are."""
    night_std: tuple[float, float, float]
    conditions: tuple[Condition, ...]


def _gray(value: float) -> tuple[float, float, float]:
    """One number for all channels."""
    return (value, value, value)


# ACDepth and md4all, published settings.
DATA_SETS: dict[DataSet, _DataSet] = {
    "nuscenes": _DataSet(
        input_size=(320, 576),
        mean=_gray(0.4130),
        std=_gray(0.2093),
        night_mean=_gray(0.1652),
        night_std=_gray(0.1728),
        conditions=(Condition.CLEAR, Condition.NIGHT, Condition.RAIN),
    ),
    "robotcar": _DataSet(
        input_size=(320, 544),
        mean=_gray(0.5758),
        std=_gray(0.3190),
        night_mean=_gray(0.2471),
        night_std=_gray(0.2627),
        conditions=(Condition.CLEAR, Condition.NIGHT),
    ),
}
_MONODEPTH2 = DepthNetConfig(max_depth=100.0, mean=_gray(0.45), std=_gray(0.225))
"""monodepth2, layers.py and resnet_encoder.py: 0.1 to 100, (x - 0.45) / 0.225."""


def import_published(
    path: Path, kind: Kind, data_set: DataSet = "nuscenes"
) -> tuple[DepthNet, CheckpointCard]:
    """Read a published checkpoint without executing what it may hold.

    Args:
        path: a Lightning ``.ckpt`` of ACDepth or md4all; for monodepth2 the folder of ``encoder.pth`` and
            ``depth.pth``.
        kind: whose it is.
        data_set: what an ACDepth or md4all network was trained on: decides normalisation and input size.

    Returns:
        The network in evaluation mode, and the card of our checkpoint.

    Raises:
        UserError: if a file is unreadable, holds more than plain values, or its weights do not fit.
    """
    path = Path(path)
    if kind == "monodepth2":
        weights, card = _read_monodepth2(path)
    else:
        weights, card = _read_lightning(path, kind, data_set)
    network = DepthNet(card.network)
    load_reference_weights(network, weights, str(path))
    return network.eval(), card


def _read_lightning(path: Path, kind: Kind, data_set: DataSet) -> tuple[dict[str, Tensor], CheckpointCard]:
    content = read_plain(path)
    state = content.get("state_dict")
    if not isinstance(state, Mapping):
        raise UserError(path, "no Lightning checkpoint, it has no state_dict")
    facts = DATA_SETS[data_set]
    card = CheckpointCard(
        network=DepthNetConfig(
            mean=facts.mean, std=facts.std, night_mean=facts.night_mean, night_std=facts.night_std
        ),
        input_size=facts.input_size,
        conditions=facts.conditions,
        description=f"published {kind} checkpoint {path.name}, {data_set}, "
        "normalised as by day unless told that it is night",
        made_by={"imported": kind, "sha256": hash_file(path)},
    )
    return _depth_model(state, path), card


def _depth_model(state: Mapping[str, Any], path: Path) -> dict[str, Tensor]:
    """The weights of the network that was trained, without what stands before their names."""
    places = [name.removesuffix(FIRST_WEIGHT) for name in state if name.endswith(FIRST_WEIGHT)]
    found = [place for place in places if place.startswith(LEARNT_MODEL)]
    if len(found) != 1:
        raise UserError(
            path,
            f"{len(found)} networks named {LEARNT_MODEL}* with {FIRST_WEIGHT}, expected one",
            f"it holds {', '.join(sorted({name.split('.')[0] for name in state})) or 'nothing'}",
        )
    (place,) = found
    return {name.removeprefix(place): value for name, value in state.items() if name.startswith(place)}


def _read_monodepth2(folder: Path) -> tuple[dict[str, Tensor], CheckpointCard]:
    encoder, decoder = read_plain(folder / "encoder.pth"), read_plain(folder / "depth.pth")
    try:
        size = int(encoder.pop("height")), int(encoder.pop("width"))
    except KeyError as error:
        raise UserError(folder / "encoder.pth", f"no monodepth2 encoder, it has no {error}") from error
    stereo = bool(encoder.pop("use_stereo", False))
    weights = {f"encoder.{name}": value for name, value in encoder.items()}
    weights |= {f"decoder.{name}": value for name, value in decoder.items()}
    card = CheckpointCard(
        network=_MONODEPTH2,
        input_size=size,
        metric=False,
        description=f"published monodepth2 checkpoint {folder.name}, KITTI, "
        + ("stereo: 1 is 5.4 m" if stereo else "without scale"),
        made_by={"imported": "monodepth2", "sha256": hash_file(folder / "encoder.pth")},
    )
    return weights, card


def read_plain(path: Path) -> dict[str, Any]:
    """A file that torch wrote, as long as it holds tensors and plain values only."""
    if not path.is_file():
        raise UserError(path, "no such file")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises pickle, zip and runtime errors alike
        raise UserError(
            path,
            "not read, because it is damaged or holds objects that would have to be executed "
            f"({torch_reason(error)})",
            "save its state_dict alone where you trust it",
        ) from error
    if not isinstance(content, dict):
        raise UserError(path, f"holds a {type(content).__name__}, expected named weights")
    return content

"""Checkpoints that others published, as ours: ACDepth's and md4all's Lightning files, monodepth2's pairs.

Their layers are ours, called differently. The weights are not part of this package, and their licences are
their owners' (non-commercial).
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from torch import Tensor, nn

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file
from acdepth.core.weights import LEARNT_MODEL, read_weights
from acdepth.networks.checkpoint import CheckpointCard, load_weights
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.networks.metres import Metres

Kind = Literal["acdepth", "md4all", "monodepth2"]
DataSet = Literal["nuscenes", "robotcar"]

FIRST_WEIGHT = "encoder.encoder.conv1.weight"
"""Every published depth network has it, behind whatever its owner is called."""
LEVELS = 5
"""Of the decoder; the published one numbers its layers as they run, ours are named by scale."""
CLASSIFIER = "encoder.encoder.fc."
"""Comes with ImageNet's ResNet18 and is used by nobody."""
POSE_LAYERS = {"squeeze": 0, "convolutions.0": 1, "convolutions.2": 2, "convolutions.4": 3}
"""Our layers of the pose decoder, and their numbers in the published one."""


def _gray(**statistics: float) -> dict[str, Any]:
    """One number for all channels."""
    return {name: (value, value, value) for name, value in statistics.items()}


DATA_SETS: dict[DataSet, CheckpointCard] = {
    "nuscenes": CheckpointCard(
        network=DepthNetConfig(**_gray(mean=0.4130, std=0.2093, night_mean=0.1652, night_std=0.1728)),
        input_size=(320, 576),
        resize="lanczos",
        metres=Metres(source="poses"),
        conditions=(Condition.CLEAR, Condition.NIGHT, Condition.RAIN),
    ),
    "robotcar": CheckpointCard(
        network=DepthNetConfig(**_gray(mean=0.5758, std=0.3190, night_mean=0.2471, night_std=0.2627)),
        input_size=(320, 544),
        resize="lanczos",
        metres=Metres(source="poses"),
        conditions=(Condition.CLEAR, Condition.NIGHT),
    ),
}
"""ACDepth and md4all, published settings: statistics of the clear day images, and of the night's. Like
monodepth2, they resize with Lanczos."""
_MONODEPTH2 = DepthNetConfig(max_depth=100.0, **_gray(mean=0.45, std=0.225))
"""monodepth2, layers.py and resnet_encoder.py: 0.1 to 100, (x - 0.45) / 0.225."""


def import_published(
    path: Path, kind: Kind, data_set: DataSet = "nuscenes"
) -> tuple[DepthNet, CheckpointCard]:
    """Read a published checkpoint, without executing what it may hold, in evaluation mode.

    Args:
        path: a Lightning ``.ckpt`` of ACDepth or md4all; for monodepth2 the folder of ``encoder.pth`` and
            ``depth.pth``.
        kind: whose it is.
        data_set: what an ACDepth or md4all network was trained on: decides normalisation and input size.

    Raises:
        UserError: if a file is unreadable, holds more than plain values, or its weights do not fit.
    """
    path = Path(path)
    monodepth2 = kind == "monodepth2"
    weights, card = _read_monodepth2(path) if monodepth2 else _read_lightning(path, kind, data_set)
    network = DepthNet(card.network)
    load_reference_weights(network, weights, str(path))
    return network.eval(), card


def _read_lightning(path: Path, kind: Kind, data_set: DataSet) -> tuple[dict[str, Tensor], CheckpointCard]:
    weights = _depth_model(read_weights(path).tensors, path)
    about = f"published {kind} checkpoint {path.name}, {data_set}, normalised as by day unless told that it "
    made_by = {"imported": kind, "sha256": hash_file(path)}
    card = DATA_SETS[data_set].model_copy(update={"description": about + "is night", "made_by": made_by})
    return weights, card


def _depth_model(state: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The weights of the trained network, or of the only one, without what stands before their names."""
    places = [name.removesuffix(FIRST_WEIGHT) for name in state if name.endswith(FIRST_WEIGHT)]
    found = [place for place in places if place.startswith(LEARNT_MODEL)] or places
    if len(found) != 1:
        what = f"{len(found)} networks with {FIRST_WEIGHT}, none named {LEARNT_MODEL}*, expected one"
        holds = ", ".join(sorted({name.split(".")[0] for name in state})[:5]) or "nothing"
        raise UserError(path, what, f"it holds {holds}")
    (place,) = found
    return {name.removeprefix(place): value for name, value in state.items() if name.startswith(place)}


def _read_monodepth2(folder: Path) -> tuple[dict[str, Tensor], CheckpointCard]:
    encoder, decoder = read_weights(folder / "encoder.pth"), read_weights(folder / "depth.pth")
    if missing := [side for side in ("height", "width") if side not in encoder.beside]:
        raise UserError(folder / "encoder.pth", f"no monodepth2 encoder, it has no {missing[0]}")
    unit = "stereo: 1 is 5.4 m" if encoder.beside.get("use_stereo") else "without scale"
    weights = {f"encoder.{name}": value for name, value in encoder.tensors.items()}
    weights |= {f"decoder.{name}": value for name, value in decoder.tensors.items()}
    card = CheckpointCard(
        network=_MONODEPTH2,
        input_size=(192, 640),
        resize="lanczos",
        metric=False,
        metres=Metres(source="none"),
        description=f"published monodepth2 checkpoint {folder.name}, KITTI, {unit}",
        made_by={"imported": "monodepth2", "sha256": hash_file(folder / "encoder.pth")},
    )
    size = [encoder.beside["height"], encoder.beside["width"]]
    return weights, card.with_changes({"input_size": size}, str(folder / "encoder.pth"))


def reference_name(name: str) -> str:
    """The published name of a weight of `DepthNet` or of the teacher's ``PoseNet``, from ours."""
    if name.startswith("encoder."):
        return "encoder." + name
    if match := re.fullmatch(r"decoder\.(before|after)\.(\d)\.(weight|bias)", name):
        place, level, kind = match.groups()
        # From the coarsest level to the finest, each with a convolution before and one after its skip.
        number = 2 * (LEVELS - 1 - int(level)) + (place == "after")
        return f"decoder.decoder.{number}.conv.conv.{kind}"
    if match := re.fullmatch(r"decoder\.heads\.(\d)\.(weight|bias)", name):
        return f"decoder.decoder.{2 * LEVELS + int(match[1])}.conv.{match[2]}"
    layer, kind = name.rsplit(".", 1)
    return f"decoder.net.{POSE_LAYERS[layer]}.{kind}"


def load_reference_weights(network: nn.Module, weights: Mapping[str, Tensor], where: str) -> None:
    """Load weights by published names into a `DepthNet` of full width, or into the teacher's ``PoseNet``.

    Raises:
        UserError: if a weight is missing, has no place here, or has another shape.
    """
    ours = {reference_name(name): name for name in network.state_dict()}
    used = {name: value for name, value in weights.items() if not name.startswith(CLASSIFIER)}
    if unknown := sorted(used.keys() - ours.keys()):
        raise UserError(where, f"the published weight {unknown[0]} has no place in this network")
    load_weights(network, {ours[name]: value for name, value in used.items()}, where)

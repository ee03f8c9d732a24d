"""Checkpoints that describe themselves: weights and a card in one safetensors file."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import Field, field_validator
from safetensors.torch import save
from torch import Tensor, nn

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.crop import Crop, Resize
from acdepth.core.errors import UserError
from acdepth.core.files import write_bytes
from acdepth.core.hub import hub_model
from acdepth.core.texts import parse_json
from acdepth.core.weights import Weights, network_in, read_weights
from acdepth.networks.confidence import ConfidenceHead
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.encoders import Encoder
from acdepth.networks.metres import Metres
from acdepth.networks.resnet import ResNetEncoder
from acdepth.networks.settings import ConfidenceHeadConfig, DepthNetConfig, Side

MODEL_FILE = "model.safetensors"
"""What a checkpoint is called in a run folder."""
CARD_KEY = "acdepth"
"""Metadata entry that holds the card as JSON."""
NARROWEST = 4
"""First level of the encoder by whose names a file of unknown width is looked through."""
HEAD = "confidence."
"""Begins the names of the confidence head's weights, which lie beside the network's."""
COUNTER = "num_batches_tracked"
"""How many batches a BatchNorm has seen; not used by ours, whose statistics decay."""
Network = TypeVar("Network", bound=nn.Module)


class CheckpointCard(Config):
    """What a depth network is, and where it comes from."""

    network: DepthNetConfig
    """Builds the network again."""
    input_size: tuple[Side, Side]
    """(height, width) of the images it was trained on [px]."""
    camera: dict[str, float | int] | None = None
    """Training camera at ``input_size`` (fx, fy, cx, cy, width, height) [px]; null if unknown. It is the lens
    that the images show, also where a teacher's losses were told the published code's ``intrinsics``."""
    crop: Crop | None = None
    """Window of the original images that it was trained on; null for all of them."""
    resize: Resize = "area"
    """How images came to ``input_size``, and how those to come do."""
    conditions: tuple[Condition, ...] = (Condition.CLEAR,)
    """Conditions it was trained on."""
    metric: bool = True
    """Whether its metres are metres."""
    metres: Metres | None = None
    """Where these come from; null in cards from before that was recorded."""
    confidence: ConfidenceHeadConfig | None = None
    """Builds the confidence head again; null where the checkpoint has none, as all before there were any."""
    description: str = ""
    """For people: what it was trained on and how."""
    made_by: dict[str, Any] = Field(default_factory=dict)
    """Versions, commit, settings and hashes of the data."""

    @field_validator("camera")
    @classmethod
    def _is_camera(cls, values: dict[str, float | int] | None) -> dict[str, float | int] | None:
        """So that who reads a card need not doubt it any more."""
        if values is not None:
            try:
                Camera.from_dict(values)
            except UserError as error:
                raise ValueError(error.what.removeprefix("camera: ")) from error
        return values


def save_checkpoint(
    path: Path,
    network: DepthNet,
    card: CheckpointCard,
    half: bool = False,
    head: ConfidenceHead | None = None,
) -> None:
    """Write weights and card atomically; ``half`` stores float16.

    The ``head`` must be of exactly this network. The card is made to say whether there is one, so that a
    network trained on from one with a head does not claim to have it still.
    """
    tensors = network.state_dict()
    if head:
        tensors |= {HEAD + name: value for name, value in head.state_dict().items()}
    card = card.model_copy(update={"confidence": head.config if head else None})
    save_tensors(path, tensors, {CARD_KEY: json.dumps(card.to_dict(), sort_keys=True)}, half)


def save_with_card(path: Path, source: Path, card: CheckpointCard) -> None:
    """Write the weights of the checkpoint ``source``, bit for bit, under another card."""
    stored = _read(source)
    metadata = stored.metadata | {CARD_KEY: json.dumps(card.to_dict(), sort_keys=True)}
    save_tensors(path, stored.tensors, metadata, half=False)


def checkpoint_file(path: Path) -> Path:
    """The checkpoint that a person means by a path: the file itself, or the one in a run folder."""
    path = Path(path)
    return path / MODEL_FILE if path.is_dir() else path


def load_checkpoint(path: Path) -> tuple[DepthNet, CheckpointCard]:
    """The network that a checkpoint describes, as float32 in evaluation mode.

    Raises:
        UserError: if the file is no checkpoint of ours, is damaged, or its weights do not fit its card.
    """
    tensors, card = _load_card(path)
    if card.confidence:
        tensors = {name: value for name, value in tensors.items() if not name.startswith(HEAD)}
    return _built(lambda: DepthNet(card.network), tensors, path).eval(), card


def load_confidence_head(path: Path) -> ConfidenceHead | None:
    """The confidence head of a checkpoint, as float32 in evaluation mode; None where it has none.

    Raises:
        UserError: as `load_checkpoint`.
    """
    tensors, card = _load_card(path)
    settings = card.confidence
    if settings is None:
        return None
    own = {name.removeprefix(HEAD): value for name, value in tensors.items() if name.startswith(HEAD)}
    return _built(lambda: ConfidenceHead(settings, card.network), own, f"{path}: confidence head").eval()


def _built(build: Callable[[], Network], tensors: dict[str, Tensor], where: Path | str) -> Network:
    """A network with its weights. Before any room is taken for it, the file's shapes must be what it needs:
    a card of a few words may describe a network of any size."""
    with torch.device("meta"):
        wanted = build().state_dict()
    tensors = network_in(tensors, wanted, where)
    check_weights(wanted, tensors, where)
    network = build()
    network.load_state_dict(tensors)
    return network


def _load_card(path: Path) -> tuple[dict[str, Tensor], CheckpointCard]:
    tensors, metadata = load_tensors(path)
    if CARD_KEY not in metadata:
        what = "holds weights, but no card that says of what network"
        raise UserError(path, what, "published ones become a checkpoint by acdepth import (docs/weights.md)")
    try:
        values = parse_json(metadata[CARD_KEY])
    except ValueError as error:
        raise UserError(path, f"its card is not readable as JSON ({error})") from error
    return tensors, CheckpointCard.from_dict(values, where=str(path))


def save_encoder(
    path: Path, network: DepthNet, description: str, made_by: dict[str, Any], half: bool
) -> None:
    """Write the encoder's weights alone, by the names of ImageNet's files for ResNet18."""
    metadata = {"description": description, "made_by": json.dumps(made_by, sort_keys=True)}
    save_tensors(path, network.encoder.state_dict(), metadata, half)


def load_encoder(encoder: Encoder, path: Path) -> str:
    """Start an encoder from a file of ours or from ImageNet weights of its architecture, of any kind that
    `read_weights` reads.

    Returns:
        The file's description of itself, which may be empty.

    Raises:
        UserError: if the file is unreadable or the weights have other names or shapes.
    """
    tensors, metadata = load_tensors(path)
    weights = _of_encoder(encoder, tensors, path)
    check_weights(encoder.state_dict(), weights, path)
    encoder.load_state_dict(weights)
    return metadata.get("description", "")


def _of_encoder(encoder: Encoder, tensors: dict[str, Tensor], path: Path) -> dict[str, Tensor]:
    """By the encoder's own names."""
    # Old files have no counters.
    counters = {name: value for name, value in encoder.state_dict().items() if name.endswith(COUNTER)}
    wanted = encoder.state_dict().keys() - counters.keys()
    return counters | network_in(tensors, wanted, path, encoder.named_here)


def load_encoder_of_any_width(path: Path) -> ResNetEncoder:
    """An encoder of images as wide as the file's weights.

    Raises:
        UserError: as `load_encoder`.
    """
    tensors, _ = load_tensors(path)
    weights = _of_encoder(ResNetEncoder(NARROWEST), tensors, path)
    first = weights.get("conv1.weight")
    if first is None or not first.numel():
        remedy = "give shipped, weights of ResNet18, or a name of the hub"
        raise UserError(path, "has no conv1.weight, so it is no ResNet18", remedy)
    return _built(lambda: ResNetEncoder(len(first)), weights, path)


def save_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str], half: bool) -> None:
    """Write named tensors atomically; ``half`` stores floating ones as float16."""

    def stored(tensor: Tensor) -> Tensor:
        tensor = tensor.detach().cpu().contiguous()
        return tensor.half() if half and tensor.is_floating_point() else tensor

    write_bytes(path, save({name: stored(tensor) for name, tensor in tensors.items()}, metadata))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors, floating ones as float32, and metadata of a file of weights.

    Raises:
        UserError: if the file is missing or is not whole.
    """
    stored = _read(path)
    floats = {name: one.float() if one.is_floating_point() else one for name, one in stored.tensors.items()}
    return floats, stored.metadata


def _read(path: Path) -> Weights:
    if hub_model(path):
        what = "is a model of transformers, and this needs a network of our own"
        raise UserError(path, what, "give model.safetensors or the run folder that holds it")
    if not Path(path).is_file():
        raise UserError(path, "no such checkpoint", "give model.safetensors or the run folder that holds it")
    return read_weights(path)


def load_weights(network: nn.Module, tensors: dict[str, Tensor], where: Path | str) -> None:
    """Load weights whose names and shapes must all fit, and which must be finite.

    Raises:
        UserError: naming the first that does not.
    """
    wanted = network.state_dict()
    tensors = network_in(tensors, wanted, where)
    check_weights(wanted, tensors, where)
    network.load_state_dict(tensors)


def check_weights(wanted: Mapping[str, Tensor], tensors: Mapping[str, Tensor], where: Path | str) -> None:
    """Raise `UserError` naming the first weight that is missing, left over, misshapen or not finite."""
    for name in sorted(wanted.keys() | tensors.keys()):
        if name not in tensors:
            raise UserError(where, f"the weight {name} is missing")
        if name not in wanted:
            raise UserError(where, f"the weight {name} has no place in this network")
        has, needs = tuple(tensors[name].shape), tuple(wanted[name].shape)
        if has != needs:
            raise UserError(where, f"{name} has shape {has}, this network needs {needs}")
        if not tensors[name].isfinite().all():
            raise UserError(where, f"{name} holds numbers that are not finite")

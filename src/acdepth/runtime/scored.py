"""A checkpoint as the evaluation takes it."""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.evaluation.predict import Model, Network
from acdepth.networks.checkpoint import CheckpointCard, load_checkpoint, load_confidence_head
from acdepth.networks.confidence import confidence_of, disagreement
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.frozen import frozen
from acdepth.runtime.devices import choose_device
from acdepth.runtime.framing import network_size, trained_aspect

Confidence = Literal["none", "scales", "flip", "head"]
"""Where confidence comes from: nowhere; from how far the network's four scales lie apart; from these and
those of the mirror image; from the checkpoint's confidence head."""
CONFIDENCE_IN_WORDS: dict[Confidence, str] = {
    "none": "none",
    "scales": "agreement of the network's four scales, smoothed",
    "flip": "agreement of the network's four scales and those of the mirror image, smoothed",
    "head": "the checkpoint's confidence head",
}


def scored_model(
    name: str, path: Path, device: str = "cpu", confidence: Confidence = "none"
) -> tuple[Model, CheckpointCard]:
    """Load a checkpoint for evaluation.

    Args:
        name: what tables call it.
        path: of the checkpoint.
        device: as `choose_device` takes it.
        confidence: that is scored with it.

    Raises:
        UserError: if it is no checkpoint of ours, or has no confidence head where that is asked for.
    """
    network, card = load_checkpoint(path)
    place = choose_device(device)
    frozen(network).to(place)
    camera = Camera.from_dict(card.camera, str(path)) if card.camera else None
    aspect = trained_aspect(card.input_size, camera)

    def finest(image: Tensor, night: Tensor | None) -> Tensor:
        return network(image, night).inverse_depths[0]

    def fit(size: tuple[int, int]) -> tuple[int, int]:
        return network_size(size, card.input_size, aspect)

    sure = _confidence(network, path, place, confidence)
    return Model(name, finest, card.input_size, camera, place, confidence=sure, fit=fit), card


def _confidence(network: DepthNet, path: Path, place: torch.device, kind: Confidence) -> Network | None:
    """What gives the confidence of images; it runs the network anew, which only evaluation can afford."""
    head = load_confidence_head(path) if kind == "head" else None
    if kind == "head" and head is None:
        raise UserError(
            path,
            "has no confidence head",
            "train one with acdepth train confidence, or use --confidence scales or flip",
        )
    if head:
        frozen(head).to(place)

    def sure(image: Tensor, night: Tensor | None) -> Tensor:
        output = network(image, night)
        if head:
            return confidence_of(head(image, output).exp())
        mirrored = network(image.flip(-1), night).inverse_depths if kind == "flip" else ()
        return confidence_of(disagreement([*output.inverse_depths, *(one.flip(-1) for one in mirrored)]))

    return None if kind == "none" else sure

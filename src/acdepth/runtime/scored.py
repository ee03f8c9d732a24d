"""A checkpoint as the evaluation takes it."""

from pathlib import Path

from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.evaluation.predict import Model
from acdepth.networks.checkpoint import CheckpointCard, load_checkpoint
from acdepth.networks.frozen import frozen
from acdepth.runtime.devices import choose_device
from acdepth.runtime.framing import network_size, trained_aspect


def scored_model(name: str, path: Path, device: str = "cpu") -> tuple[Model, CheckpointCard]:
    """Load a checkpoint for evaluation.

    Args:
        name: what tables call it.
        path: of the checkpoint.
        device: as `choose_device` takes it.

    Raises:
        UserError: if it is no checkpoint of ours.
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

    return Model(name, finest, card.input_size, camera, place, fit), card

"""A checkpoint as a folder by the customs of the hub, which `acdepth.load` and transformers both open.

``model.safetensors`` is the checkpoint, byte for byte. The other files are made from its card and are read by
transformers, people and the hub's page only.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file, read_object, write_bytes, write_json, write_text
from acdepth.inference.framing import trained_aspect
from acdepth.inference.hub.model_card import Licences, Measured, eval_results, readme
from acdepth.inference.model import DepthModel
from acdepth.networks.checkpoint import MODEL_FILE, CheckpointCard, load_checkpoint

MODEL_TYPE = "acdepth"
ARCHITECTURE, PROCESSOR = "ACDepthForDepthEstimation", "ACDepthImageProcessor"
"""Of `acdepth.inference.hub.auto`."""
CONFIG_FILE, PROCESSOR_FILE = "config.json", "preprocessor_config.json"
MODEL_CARD, EVAL_RESULTS = "README.md", ".eval_results/acdepth.yaml"


def is_ours(folder: Path) -> bool:
    """Whether a model's folder was written by `save_folder`, or by transformers from one.

    Raises:
        UserError: if its ``config.json`` is missing or unreadable.
    """
    config = read_object(folder / CONFIG_FILE)
    return isinstance(config, dict) and config.get("model_type") == MODEL_TYPE


def save_folder(
    model: DepthModel, folder: Path, name: str, licences: Licences, measured: Sequence[Measured]
) -> None:
    """Write a model that was opened from a checkpoint of ours.

    Args:
        model: its file must still be the one that was opened.
        folder: is made where needed; other files in it are left alone.
        name: heads the model card.
        licences: for the model card.
        measured: likewise, and for the hub's leaderboards.

    Raises:
        UserError: if the model has no such file, or results are of other weights.
    """
    for one in measured:
        if one.sha256 not in (None, model.sha256):
            what = f"the results on {one.dataset} are of other weights"
            raise UserError(model.name, what, "run acdepth evaluate with these")
    content, card = _read(model)
    write_bytes(folder / MODEL_FILE, content)
    write_description(folder, card)
    write_text(folder / MODEL_CARD, readme(name, card, licences, measured))
    if entries := eval_results(measured):
        write_text(folder / EVAL_RESULTS, entries)
    else:
        (folder / EVAL_RESULTS).unlink(missing_ok=True)  # of earlier weights


def write_description(folder: Path, card: CheckpointCard) -> None:
    """Write what transformers reads beside the weights."""
    write_json(folder / CONFIG_FILE, config_of(card))
    write_json(folder / PROCESSOR_FILE, processor_of(card))


def config_of(card: CheckpointCard) -> dict[str, Any]:
    """The content of ``config.json``."""
    names = {"model_type": MODEL_TYPE, "architectures": [ARCHITECTURE]}
    # Weights may be stored in half precision, and never compute in it.
    return {**names, "dtype": "float32", "card": card.to_dict()}


def processor_of(card: CheckpointCard) -> dict[str, Any]:
    """The content of ``preprocessor_config.json``; values are normalised by the network itself."""
    camera = Camera.from_dict(card.camera, "card") if card.camera else None
    return {
        "image_processor_type": PROCESSOR,
        "input_size": list(card.input_size),
        "aspect": trained_aspect(card.input_size, camera),
        "resize_by": card.resize,
    }


def _read(model: DepthModel) -> tuple[bytes, CheckpointCard]:
    if model.file is None:
        what = "was not opened from a checkpoint of ours"
        raise UserError(model.name, what, "save what acdepth.load opens from model.safetensors")
    _, card = load_checkpoint(model.file)
    content = model.file.read_bytes()
    if hash_file(model.file) != model.sha256:
        raise UserError(model.file, "has changed since it was opened", "load it again")
    return content, card

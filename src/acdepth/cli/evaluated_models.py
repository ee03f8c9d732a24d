"""The networks that ``acdepth evaluate`` measures, and what must be said of them first."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acdepth.cli.say import say
from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file
from acdepth.core.shipped import SHIPPED, STUDENT, or_shipped
from acdepth.evaluation.predict import Model
from acdepth.evaluation.protocols import WHOLE_IMAGE, Protocol
from acdepth.networks.checkpoint import MODEL_FILE, checkpoint_file
from acdepth.runtime.scored import Confidence, scored_model


def load_models(
    weights: tuple[str, ...], device: str, confidence: Confidence
) -> tuple[list[Model], dict[str, dict[str, Any]]]:
    """The models in the order given, and what results say about each.

    Args:
        weights: PATH or NAME=PATH; the student that ships where there is none.
        device: as for `choose_device`.
        confidence: what the models say it from.

    Raises:
        UserError: if a checkpoint cannot be read, or two have one name.
    """
    models, cards = [], {}
    for text in weights or (f"shipped={STUDENT}",):
        name, path = _name_and_path(text)
        if name in cards:
            raise UserError(
                f"--weights {text}", f"a second model {name}", "name them, as in first=PATH second=PATH"
            )
        model, card = scored_model(name, path, device, confidence)
        models.append(model)
        cards[name] = {
            "sha256": hash_file(path),
            "description": card.description,
            "metric": card.metric,
            "conditions": list(card.conditions),
            "input_size": list(card.input_size),
            "crop": card.crop and card.crop.to_dict(),
        }
    return models, cards


def _name_and_path(text: str) -> tuple[str, Path]:
    name, separator, rest = text.partition("=")
    path = checkpoint_file(or_shipped(Path(rest if separator else text), STUDENT))
    if not separator and text != str(SHIPPED):
        name = path.resolve().parent.name if path.name == MODEL_FILE else path.stem
    if not re.fullmatch(r"[\w.+-]+", name):
        raise UserError(f"--weights {text}", f"{name!r} is no name", "use letters, digits, and . + - _")
    return name, path


def warn_about_scale(cards: Mapping[str, Mapping[str, Any]], protocol: Protocol) -> None:
    """Say whose metres have no scale."""
    for name, card in cards.items():
        if protocol.alignment == "none" and not card["metric"]:
            say(f"{name} was trained without true lengths: its metres have no scale; use --alignment median")


def warn_about_cameras(models: list[Model], footage: list[Clip], protocol: Protocol) -> None:
    """Say whose metres cannot follow the lens although the protocol would let them."""
    if not protocol.focal_rescale:
        return
    for model in models:
        if model.camera is None:
            say(f"{model.name} does not name its training camera: its metres are taken as they are")
    without = [clip.name for clip in footage if clip.camera is None]
    if without:
        say(
            f"{len(without)} of {len(footage)} sequences have no camera, first {without[0]}: their metres "
            "are taken as they are"
        )


def refuse_cropped(cards: Mapping[str, Mapping[str, Any]], protocol: Protocol) -> None:
    """Refuse networks of a part of the image where the protocol would stretch the whole to their size."""
    for name, card in cards.items():
        if card["crop"] and not protocol.keep_aspect and protocol.input_window == WHOLE_IMAGE:
            raise UserError(
                None,
                f"{name} was trained on a part of the image, and {protocol.name} would stretch the whole "
                "image to its size",
                "use --protocol own, which keeps the aspect",
            )

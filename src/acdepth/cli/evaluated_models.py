"""What ``acdepth evaluate`` measures, and what must be said of it first."""

import re
from collections.abc import Container, Sequence
from pathlib import Path

from acdepth.cli.flag_types import name_and_path
from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.hub import hub_model
from acdepth.core.progress import say
from acdepth.core.shipped import SHIPPED, STUDENT, or_shipped
from acdepth.data.folder import NoFootageError
from acdepth.data.pairs import ask_frames
from acdepth.data.parts import open_part
from acdepth.evaluation.pairs import read_pairs
from acdepth.evaluation.predict import Model, NetworkModel
from acdepth.evaluation.protocols import WHOLE_IMAGE, Protocol
from acdepth.evaluation.run import Pairs
from acdepth.evaluation.stored import StoredModel
from acdepth.inference.model import Confidence, open_model
from acdepth.networks.checkpoint import MODEL_FILE, checkpoint_file


def open_models(
    weights: tuple[str, ...], predictions: tuple[str, ...], device: str, confidence: Confidence
) -> list[Model]:
    """The models in the order given, checkpoints first; the network that ships where nothing is given.

    Args:
        weights: PATH or NAME=PATH of checkpoints.
        predictions: PATH or NAME=PATH of folders of predictions.
        device: as for `choose_device`.
        confidence: what networks make it from.

    Raises:
        UserError: if a checkpoint or folder cannot be read, a confidence head is asked for that is not there,
            or two have one name.
    """
    named = [("--weights", *name_and_file(text)) for text in weights]
    named += [("--predictions", *name_and_path(text)) for text in predictions]
    models: dict[str, Model] = {}
    for flag, name, path in named or [("--weights", "shipped", STUDENT)]:
        check_name(name, models, f"{flag} {path}")
        if flag == "--predictions":
            models[name] = StoredModel(name, path)
        else:
            network = open_model(path, name, device)
            if confidence == "head" and network.head is None:
                remedy = "train one with acdepth train confidence, or use --confidence scales or flip"
                raise UserError(path, "has no confidence head", remedy)
            if confidence == "scales" and not network.has_scales:
                raise UserError(path, "answers at one scale only", "use --confidence flip")
            models[name] = NetworkModel(network, confidence)
    return list(models.values())


def check_name(name: str, others: Container[str], where: str) -> None:
    """Raise `UserError` if a model cannot be called so beside the others."""
    if not re.fullmatch(r"[\w+-][\w.+=-]*", name):
        remedy = "use letters, digits, and . + = - _, as in NAME=PATH"
        raise UserError(where, f"{name!r} is no name", remedy)
    if name in others:
        raise UserError(where, f"a second model {name}", "name them, as in first=PATH second=PATH")


def name_and_file(text: str) -> tuple[str, Path]:
    """Of ``NAME=PATH``, or of ``PATH``, which is named by its folder: the name, and the checkpoint."""
    name, path = name_and_path(text)
    if hub_model(path):
        return name, path
    file = checkpoint_file(or_shipped(path, STUDENT))
    if path == Path(text) and path != SHIPPED:
        name = file.resolve().parent.name if file.name == MODEL_FILE else file.stem
    return name, file


def open_asked(
    pairs: Path | None, data: Path, split: str | None, cameras: tuple[str, ...]
) -> tuple[list[Clip], Pairs | None]:
    """The footage, and the frames of it that there are pairs of; without a file of pairs, None.

    Raises:
        UserError: if there is no footage, or not all images that the pairs are of.
    """
    if pairs is None:
        return open_part(data, split, cameras), None
    points = read_pairs(pairs)
    try:
        footage = open_part(data, split, cameras)
    except NoFootageError:
        footage = []  # photographs in folders of folders, which the pairs name one by one
    asked = ask_frames(points, footage, data)
    known = {id(clip) for clip in footage}
    return footage if id(asked[0].clip) in known else [one.clip for one in asked], Pairs(pairs, asked)


def warn_about_scale(models: Sequence[Model], protocol: Protocol) -> None:
    """Say whose metres have no scale."""
    for model in models:
        if protocol.alignment == "none" and not model.metric:
            lacks = "was trained without true lengths: its metres have no scale"
            say(f"{model.name} {lacks}; use --alignment median")


def warn_about_cameras(models: Sequence[Model], footage: Sequence[Clip], protocol: Protocol) -> None:
    """Say whose metres cannot follow the lens although the protocol would let them."""
    if not protocol.focal_rescale:
        return
    for model in models:
        relative = isinstance(model, NetworkModel) and model.network.relative
        if model.camera is None and not relative:
            say(f"{model.name} does not name its training camera: its metres are taken as they are")
    without = [clip.name for clip in footage if clip.camera is None]
    if without:
        lacking = f"{len(without)} of {len(footage)} sequences have no camera, first {without[0]}"
        say(f"{lacking}: their metres are taken as they are")


def refuse_cropped(models: Sequence[Model], protocol: Protocol) -> None:
    """Refuse networks of a part of the image where the protocol would stretch the whole to their size."""
    for model in models:
        cropped = isinstance(model, NetworkModel) and model.network.crop
        if cropped and not protocol.keep_aspect and protocol.input_window == WHOLE_IMAGE:
            stretches = f"{protocol.name} would stretch the whole image to its size"
            what = f"{model.name} was trained on a part of the image, and {stretches}"
            raise UserError(None, what, "use --protocol own, which keeps the aspect")

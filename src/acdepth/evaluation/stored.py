"""Predictions in files: first export, then score, under any protocol, without the network that made them.

A folder holds a file for each frame, under the frame's key with another suffix: ``NAME.npy``, or ``NAME.png``
with 16 bits, metres * 256, as KITTI has them; ``NAME_depth.npy`` and ``NAME_depth.png``, as ``acdepth
predict`` names them, are found too. They hold depth [m] of the whole image at any size, unless
``predictions.json`` says otherwise.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from acdepth.core.camera import Camera
from acdepth.core.config import Config
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_path, inside, read_array, read_json, write_json
from acdepth.core.images import read_depth_png16
from acdepth.evaluation.frames import TrueFrame
from acdepth.evaluation.predict import Answer, Model, NetworkModel
from acdepth.evaluation.protocols import WHOLE_IMAGE, Protocol, Window
from acdepth.evaluation.schema import Checkpoint, PredictedBefore
from acdepth.inference.framing import focal_ratio

FACTS_FILE = "predictions.json"
ENDINGS = (".npy", ".png", "_depth.npy", "_depth.png")
"""What may follow a key without its suffix, in the order in which they are looked for."""
LARGEST_MISMATCH = 0.02
"""By how much the aspect of a prediction may differ from its image's: networks answer in whole strides."""


class Facts(Config):
    """``predictions.json``: what a folder of predictions holds, and how it was made."""

    format: Literal[1] = 1
    """Counts up when the meaning of the files changes."""
    holds: Literal["depth", "inverse_depth"] = "depth"
    """[m] or [1/m]."""
    shows: Window = WHOLE_IMAGE
    """The part of the image that the predictions are about."""
    metric: bool = True
    """Whether metres are metres."""
    camera: dict[str, float | int] | None = None
    """Training camera at the training size (fx, fy, cx, cy, width, height) [px]; null if unknown."""
    made_under: str | None = None
    """The protocol under which the network was shown the images; null where it was none of ours."""
    flip: bool | None = None
    """Whether fused with the prediction of the mirror image; null if unknown."""
    condition_known: bool | None = None
    """Whether the network was told day or night; null if unknown."""
    network: Checkpoint | None = None
    """What the network's checkpoint says about itself; null if unknown."""


class Keeper:
    """Writes what a network says, at the size at which it says it, as inverse depth in float32."""

    def __init__(self, folder: Path, model: NetworkModel, protocol: Protocol) -> None:
        self.folder = folder
        facts = Facts(
            holds="inverse_depth",
            shows=protocol.input_window,
            metric=model.metric,
            camera=model.camera and model.camera.to_dict(),
            made_under=protocol.name,
            flip=protocol.flip,
            condition_known=protocol.condition_known,
            network=model.describe(),
        )
        write_json(folder / FACTS_FILE, facts.to_dict())

    def write(self, frame: TrueFrame, answer: Answer) -> None:
        """Write one frame's."""
        path = inside(self.folder, frame.key, "footage").with_suffix(".npy")
        with atomic_path(path) as temporary, temporary.open("wb") as stream:
            np.save(stream, answer.inverse_depth[0, 0].float().cpu().numpy())


class StoredModel(Model):
    """A folder of predictions, of anybody's network.

    Raises:
        UserError: if there is none, or its ``predictions.json`` is malformed.
    """

    def __init__(self, name: str, folder: Path) -> None:
        if not folder.is_dir():
            raise UserError(folder, "no such folder of predictions")
        file = folder / FACTS_FILE
        facts = Facts.from_dict(read_json(file), str(file)) if file.exists() else Facts()
        self.name, self.folder, self.facts, self.metric = name, folder, facts, facts.metric
        self.camera = Camera.from_dict(facts.camera, str(file)) if facts.camera else None

    def answer(self, frames: Sequence[TrueFrame], protocol: Protocol) -> list[Answer]:
        """Read what is stored of each frame.

        Raises:
            UserError: if a file is missing or damaged, or is about another part of the image.
        """
        shows = self.facts.shows
        if shows not in (WHOLE_IMAGE, protocol.input_window):
            what = f"holds predictions of the part of the images that {self.facts.made_under} shows"
            raise UserError(self.folder, what, f"{protocol.name} shows another: predict again")
        for name in ("flip", "condition_known"):
            made, asked = getattr(self.facts, name), getattr(protocol, name)
            if asked != (made or False):
                what = f"{'not known to be ' * (made is None)}made with {name} {str(bool(made)).lower()}"
                raise UserError(
                    self.folder, what, f"{'leave out' if asked else 'give'} --{name.replace('_', '-')}"
                )
        return [self._answer(frame, whole=shows == WHOLE_IMAGE) for frame in frames]

    def describe(self) -> Checkpoint:
        """What is known of the network, and how the predictions were made."""
        facts = self.facts
        told = facts.to_dict()
        made = PredictedBefore(**{name: told[name] for name in PredictedBefore.model_fields})
        known = facts.network or Checkpoint(metric=facts.metric)
        return known.model_copy(update={"predictions": made})

    def _answer(self, frame: TrueFrame, whole: bool) -> Answer:
        values = _read(file := self._file(frame.key), self.metric)
        size, ratio = (values.shape[0], values.shape[1]), 1.0
        inverse_depth = values
        if self.facts.holds == "depth":
            inverse_depth = 1 / values
            height, width = frame.whole if whole else frame.size
            if abs(size[1] / size[0] * height / width - 1) > LARGEST_MISMATCH:
                what = f"{size[1]}x{size[0]} pixels, but its image has {width}x{height}"
                raise UserError(file, what, "a prediction must be of the image's shape")
        camera = frame.clip.camera if whole else frame.camera
        if camera and self.camera and self.metric:
            ratio = focal_ratio(camera, size, self.camera, (self.camera.height, self.camera.width))
        return Answer(torch.from_numpy(inverse_depth)[None, None], ratio, whole=whole)

    def _file(self, key: str) -> Path:
        base = inside(self.folder, key, "footage").with_suffix("")
        for ending in ENDINGS:
            if (file := base.with_name(base.name + ending)).is_file():
                return file
        remedy = f"an image NAME.jpg of the footage needs NAME.npy or a 16-bit NAME.png in {self.folder}"
        raise UserError(f"{base}.npy", "no such file: every scored frame needs its prediction", remedy)


def _read(path: Path, metric: bool) -> np.ndarray:
    """float32 (h, w), all above 0."""
    if path.suffix == ".png":
        values = read_depth_png16(path, without_scale=not metric)
    else:
        values = read_array(path, "write it again")
        if values.ndim != 2 or values.dtype.kind != "f":
            raise UserError(path, f"holds {values.dtype} {values.shape}, expected floats (H, W)")
        values = values.astype(np.float32)
    with np.errstate(all="ignore"):
        without = int((~np.isfinite(values) | (values <= 0) | ~np.isfinite(1 / values)).sum())
    if without or not values.size:
        what = f"{without} pixels have no depth" if values.size else "is empty"
        raise UserError(path, what, "a prediction must be dense")
    return values

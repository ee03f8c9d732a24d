"""What the tabs of the page work with."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.prediction import DepthPrediction
from acdepth.data.own.guessed import lens_from_exif
from acdepth.inference.pixels import Image, as_pixels
from acdepth.inference.predictor import Predictor
from acdepth.serve.batching import Batcher
from acdepth.serve.examples import Example
from acdepth.serve.limits import Limits
from acdepth.serve.measured import Asked
from acdepth.serve.models import Models, camera_asked
from acdepth.serve.reading import read_upload
from acdepth.serve.shelf import Result, Shelf
from acdepth.translator.method import Translator


@dataclass(frozen=True)
class Desk:
    """Models, limits, and what visitors have got so far."""

    models: Models
    batcher: Batcher
    limits: Limits
    shelf: Shelf
    examples: list[Example]
    folder: Path
    """For what the page must have as a file; goes with the server."""
    translator: Translator | None = None
    report: bool = False
    """Whether the server has the report of a run."""

    def read(self, path: str | None) -> np.ndarray:
        """The picture that a visitor sent, which lies at a place of the page's own choice.

        Raises:
            UserError: if there is none, it was sent too long ago, or it is not taken.
        """
        if not path:
            raise UserError(None, "no picture yet", "choose one, or take an example")
        try:
            with Path(path).open("rb") as stream:
                content = stream.read(self.limits.image_bytes + 1)
        except FileNotFoundError as error:
            raise UserError(None, "the picture is no longer kept", "choose it again") from error
        return read_upload(content, self.limits)

    def camera(self, path: str, fov: float | None, image: np.ndarray) -> Camera | None:
        """By the degrees that the visitor says, else as EXIF lets guess."""
        size = image.shape[0], image.shape[1]
        if fov:
            return camera_asked(None, fov, size)
        lens = lens_from_exif(Path(path))
        return lens.at_size(*size).camera if lens else None

    def predict(
        self, asked: Asked, image: np.ndarray, camera: Camera | None, factor: float | None = None
    ) -> Result:
        """What a model says of a picture."""
        predictor = self.models.find(asked.model)
        found = self.batcher.ask(predictor, image, camera, predictor.model.has_scales)
        result = Result(image, found, asked, predictor.describe_scale(camera))
        return result if factor is None else result.times(factor)

    def new_file(self, suffix: str) -> Path:
        """A place for what the page then copies; what was made long before goes."""
        made = sorted(self.folder.glob("made-*"), key=lambda path: path.name)
        for old in made[: -self.limits.sessions]:
            old.unlink(missing_ok=True)
        return self.folder / f"made-{time.time_ns():020d}-{secrets.token_hex(4)}{suffix}"

    def waiting(self, name: str) -> "WaitingPredictor":
        """A model that takes its turn with all other requests, for work of many images."""
        return WaitingPredictor(self.models.find(name), self.batcher)


class WaitingPredictor(Predictor):
    """A predictor whose images go through the batcher, so that a video does not hold up everybody else."""

    def __init__(self, predictor: Predictor, batcher: Batcher) -> None:
        super().__init__(predictor.model, predictor.camera)
        self._asked, self._batcher = predictor, batcher

    def __call__(
        self,
        image: Image,
        camera: Camera | None = None,
        flip: bool = False,
        confidence: bool = True,
        camera_height: float | None = None,
    ) -> DepthPrediction:
        """Predict one image; see `Predictor`."""
        if flip or camera_height is not None:
            raise ValueError("the server does not fuse mirror images, and knows no camera's height")
        return self._batcher.ask(self._asked, as_pixels(image).array, camera, confidence)


def told(work: Callable[..., Any], outputs: Callable[[str], Any] = str) -> Callable[..., Any]:
    """Say a `UserError` of a tab's work on the page, and for as long as it holds.

    Args:
        work: of an event. What it raises as `gr.Error` would vanish in seconds, and outside the queue is not
            shown at all.
        outputs: of the event, made of the HTML that says what is wrong.
    """

    @wraps(work)
    def shown(*arguments: Any, **named: Any) -> Any:
        try:
            return work(*arguments, **named)
        except UserError as error:
            text = f"{error.what}{error.remedy and f'; {error.remedy}'}."
            return outputs(
                f'<p class="ac-note ac-wrong" role="alert">{escape(text[0].upper() + text[1:])}</p>'
            )

    return shown


def note(text: str) -> str:
    """HTML of a remark."""
    return f'<p class="ac-note">{text}</p>'

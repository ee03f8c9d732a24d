"""The one thing most people want: image in, depth out."""

import logging
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.prediction import DepthPrediction
from acdepth.core.shipped import STUDENT, or_shipped
from acdepth.inference.devices import Precision
from acdepth.inference.framing import describe_ratio
from acdepth.inference.model import DepthModel, open_model
from acdepth.inference.output import depth_of, enlarge, fused
from acdepth.inference.pixels import Image, as_pixels
from acdepth.inference.view import View
from acdepth.networks.checkpoint import checkpoint_file


def load(
    path: Path | str | None = None,
    device: str = "auto",
    camera: Camera | None = None,
    precision: Precision = "fp32",
) -> "Predictor":
    """Load a depth network for inference.

    Args:
        path: checkpoint (``model.safetensors``) or its folder, or ``shipped``, the small student that ships;
            None is the same, and a warning says what it was trained on. Or ``hf:`` and the folder or the
            hub's name of a depth model of transformers.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        camera: of the images to come, where a call does not give another; makes metres right for a lens that
            is not the training one, and points possible.
        precision: ``fp32``, ``bf16``, or ``auto``: bfloat16 where the device computes in it.

    Raises:
        UserError: if the checkpoint or the device cannot be used.
    """
    if path is None and not STUDENT.exists():
        what = f"no weights were given and the shipped ones are missing ({STUDENT})"
        raise UserError(None, what, "give a checkpoint, or make one with: acdepth demo")
    file = STUDENT if path is None else checkpoint_file(or_shipped(Path(path), STUDENT))
    model = open_model(file, "checkpoint", device, precision)
    if path is None:
        logging.getLogger("acdepth").warning("using the weights that ship: %s", model.description)
    return Predictor(model, camera)


class Predictor:
    """Predicts depth at the size of the image it is given.

    The image is resized to the training size, or, if its aspect is another, to the multiples of 32 that keep
    aspect and area best (`acdepth.inference.framing`). Depth of a metric network is rescaled by the focal
    ratio when the cameras of the image and of the training are known; else it holds for the training camera's
    field of view.

    Confidence is exp(-e), where e is how far the logarithm of depth may be off: 0.8 is a factor of 1.25, 0.5
    a factor of two. A checkpoint with a confidence head says e as it learnt it. Without one, e is how far
    several answers to the same pixel lie apart, smoothed: those of the network's four scales, and with
    ``flip`` of those to the mirror image as well. That ranks pixels, but is not calibrated. Neither is a
    probability (docs/protocols.md).

    Args:
        model: what answers.
        camera: see `load`.
    """

    def __init__(self, model: DepthModel, camera: Camera | None = None) -> None:
        self.model, self.camera = model, camera

    def __call__(
        self,
        image: Image,
        camera: Camera | None = None,
        flip: bool = False,
        confidence: bool = True,
        camera_height: float | None = None,
    ) -> DepthPrediction:
        """Predict one image.

        Args:
            image: a path; RGB uint8 (H, W, 3) as array or PIL image; or a tensor (3, H, W) in 0..1.
            camera: of this image, at this or another resolution.
            flip: also predict the mirror image and fuse both inverse depths; twice the time.
            confidence: whether to say it too; a model of transformers has none without ``flip``.
            camera_height: of the lens above the road [m], by which a relative model says metres; others do
                not ask for it.

        Raises:
            UserError: if the image cannot be read or is not the camera's, or tells no metres.
        """
        return self.predict_batch([image], camera, flip, confidence, camera_height)[0]

    def predict_batch(
        self,
        images: Iterable[Image],
        camera: Camera | None = None,
        flip: bool = False,
        confidence: bool = True,
        camera_height: float | None = None,
    ) -> list[DepthPrediction]:
        """Predict many images of any sizes, those of like size together; arguments as for one."""
        camera, model = camera or self.camera, self.model
        pixels = [as_pixels(image) for image in images]
        if camera:
            for image in pixels:
                camera.at_size(*image.shape[:2])  # refuses those of another aspect
        sizes = [model.fit(image.shape) for image in pixels]
        kind = "head" if model.head else "flip" if flip else "scales"
        kind = kind if confidence and (flip or model.has_scales) else "none"
        views = [View(camera and camera.resized(*image.shape[:2]), camera_height) for image in pixels]
        answers = model.infer(pixels, sizes, mirrored=flip, confidence=kind, views=views)
        found = []
        for image, size, answer in zip(pixels, sizes, answers, strict=True):
            depth = _array(depth_of(fused(answer), image.shape)) * model.focal_ratio(camera, size)
            if not np.isfinite(depth).all() or (np.ptp(depth) == 0 and np.ptp(image) > 0):
                what = "predicts depth that is not finite, or the same everywhere"
                raise UserError(model.name, what, "its weights are damaged: copy or train them again")
            sure = None if answer.confidence is None else _array(enlarge(answer.confidence, image.shape))
            resized = camera and camera.resized(*image.shape[:2])
            found.append(DepthPrediction(depth, sure, resized, model.metric))
        return found

    def rescales(self) -> bool:
        """Whether the camera of an image changes the metres of its depth."""
        return self.model.follows_lens

    def describe_scale(self, camera: Camera | None = None) -> str:
        """One line that says what the metres of a prediction mean, given this camera, and whence they are."""
        if self.model.relative:
            return (
                "the model is relative: metres are by the camera's height above the road, picture by picture"
            )
        if not self.model.metric:
            return "depth has no true scale: the network was trained without known lengths"
        metres = self.model.metres
        return self._describe_camera(camera) + (f"; metres are {metres.describe()}" if metres else "")

    def _describe_camera(self, camera: Camera | None) -> str:
        model, trained = self.model, self.model.camera
        if model.metres and model.metres.one_lens:
            return "depth is metric for the lens that was measured with, whatever camera is given"
        if trained is None:
            return "depth is metric for the training camera, which the model does not name"
        if camera := camera or self.camera:
            return describe_ratio(model.focal_ratio(camera, model.fit((camera.height, camera.width))))
        degrees = 2 * math.degrees(math.atan(trained.width / 2 / trained.fx))
        return (
            f"depth is metric if the image's field of view is the training one, {degrees:.0f} degrees wide; "
            "give the camera for any other"
        )


def _array(values: Tensor) -> np.ndarray:
    """(1, 1, H, W) as (H, W)."""
    return values[0, 0].cpu().numpy()

"""The one thing most people want: image in, depth out."""

import logging
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.prediction import DepthPrediction
from acdepth.core.shipped import STUDENT, or_shipped
from acdepth.data.crop import crop_and_resize
from acdepth.networks.checkpoint import (
    CheckpointCard,
    checkpoint_file,
    load_checkpoint,
    load_confidence_head,
)
from acdepth.networks.confidence import ConfidenceHead, confidence_of, disagreement
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.frozen import frozen
from acdepth.runtime.devices import choose_device
from acdepth.runtime.framing import check_camera, describe_ratio, focal_ratio, network_size, trained_aspect
from acdepth.runtime.pixels import Image, as_pixels

IMAGES_AT_ONCE = 8


def load(path: Path | str | None = None, device: str = "auto", camera: Camera | None = None) -> "Predictor":
    """Load a depth network for inference.

    Args:
        path: checkpoint (``model.safetensors``) or its folder, or ``shipped``, the small student that ships;
            None is the same, and a warning says what it was trained on.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        camera: of the images to come, where a call does not give another; makes metres right for a lens that
            is not the training one, and points possible.

    Raises:
        UserError: if the checkpoint or the device cannot be used.
    """
    if path is None and not STUDENT.exists():
        raise UserError(
            None,
            f"no weights were given and the shipped ones are missing ({STUDENT})",
            "give a checkpoint, or make one with: acdepth demo",
        )
    file = STUDENT if path is None else checkpoint_file(or_shipped(Path(path), STUDENT))
    network, card = load_checkpoint(file)
    if path is None:
        logging.getLogger("acdepth").warning("using the weights that ship: %s", card.description)
    head = load_confidence_head(file) if card.confidence else None
    return Predictor(network, card, choose_device(device), camera, head)


class Predictor:
    """Predicts depth at the size of the image it is given.

    The image is resized to the training size, or, if its aspect is another, to the multiples of 32 that keep
    aspect and area best (`acdepth.runtime.framing`). Depth of a metric network is rescaled by the focal
    ratio when the cameras of the image and of the training are known; else it holds for the training camera's
    field of view.

    Confidence is exp(-e), where e is how far the logarithm of depth may be off: 0.8 is a factor of 1.25, 0.5
    a factor of two. A checkpoint with a confidence head says e as it learnt it. Without one, e is how far
    several answers to the same pixel lie apart, smoothed: those of the network's four scales, and with
    ``flip`` of those to the mirror image as well. That ranks pixels, but is not calibrated. Neither is a
    probability (docs/protocols.md).

    Args:
        network: in any state; it is frozen and moved to ``device``.
        card: of its checkpoint.
        device: where to compute.
        camera: see `load`.
        head: the checkpoint's confidence head, if it has one.
    """

    def __init__(
        self,
        network: DepthNet,
        card: CheckpointCard,
        device: torch.device,
        camera: Camera | None = None,
        head: ConfidenceHead | None = None,
    ) -> None:
        self.network = frozen(network).to(device)
        self.head = frozen(head).to(device) if head else None
        self.card, self.device, self.camera = card, device, camera
        self.trained_camera = Camera.from_dict(card.camera, "checkpoint") if card.camera else None
        self._aspect = trained_aspect(card.input_size, self.trained_camera)

    def __call__(self, image: Image, camera: Camera | None = None, flip: bool = False) -> DepthPrediction:
        """Predict one image.

        Args:
            image: a path; RGB uint8 (H, W, 3) as array or PIL image; or a tensor (3, H, W) in 0..1.
            camera: of this image, at this or another resolution.
            flip: also predict the mirror image and average the inverse depths; twice the time.

        Raises:
            UserError: if the image cannot be read or is not the camera's.
        """
        return self.predict_batch([image], camera, flip)[0]

    def predict_batch(
        self, images: Iterable[Image], camera: Camera | None = None, flip: bool = False
    ) -> list[DepthPrediction]:
        """Predict many images of any sizes, those of like size together; arguments as for one."""
        camera = camera or self.camera
        pixels = [as_pixels(image) for image in images]
        of_size: dict[tuple[int, int], list[int]] = defaultdict(list)
        for index, image in enumerate(pixels):
            if camera:
                check_camera(camera, image.shape[:2])
            of_size[self._network_size(image)].append(index)
        predictions: dict[int, DepthPrediction] = {}
        for size, indices in of_size.items():
            for start in range(0, len(indices), IMAGES_AT_ONCE):
                some = indices[start : start + IMAGES_AT_ONCE]
                found = self._predict([pixels[index] for index in some], size, camera, flip)
                predictions.update(zip(some, found, strict=True))
        return [predictions[index] for index in range(len(pixels))]

    def describe_scale(self, camera: Camera | None = None) -> str:
        """One line that says what the metres of a prediction mean, given this camera."""
        trained = self.trained_camera
        if not self.card.metric:
            return "depth has no true scale: the network was trained without known lengths"
        if trained is None:
            return "depth is metric for the training camera, which the checkpoint does not name"
        if camera := camera or self.camera:
            size = network_size((camera.height, camera.width), self.card.input_size, self._aspect)
            return describe_ratio(focal_ratio(camera, size, trained, self.card.input_size))
        degrees = 2 * math.degrees(math.atan(trained.width / 2 / trained.fx))
        return (
            f"depth is metric if the image's field of view is the training one, {degrees:.0f} degrees wide; "
            "give the camera for any other"
        )

    def _network_size(self, image: np.ndarray) -> tuple[int, int]:
        return network_size((image.shape[0], image.shape[1]), self.card.input_size, self._aspect)

    def _predict(
        self, images: Sequence[np.ndarray], size: tuple[int, int], camera: Camera | None, flip: bool
    ) -> list[DepthPrediction]:
        small = np.stack([crop_and_resize(image, None, size, "image") for image in images])
        with torch.inference_mode():
            batch = torch.from_numpy(small).to(self.device).permute(0, 3, 1, 2).float() / 255
            inverse_depth, confidence = self._infer(batch, flip)
            ratio = 1.0
            if camera and self.trained_camera and self.card.metric:
                ratio = focal_ratio(camera, size, self.trained_camera, self.card.input_size)
            return [
                DepthPrediction(
                    depth=ratio / _enlarge(inverse_depth[row], image.shape[:2]),
                    confidence=_enlarge(confidence[row], image.shape[:2]),
                    camera=camera.resized(*image.shape[:2]) if camera else None,
                    metric=self.card.metric,
                )
                for row, image in enumerate(images)
            ]

    def _infer(self, image: Tensor, flip: bool) -> tuple[Tensor, Tensor]:
        """Inverse depth [1/m] and confidence, both (B, 1, h, w), of a batch (B, 3, h, w) in 0..1."""
        output = self.network(image)
        scales = output.inverse_depths
        mirrored = [scale.flip(-1) for scale in self.network(image.flip(-1)).inverse_depths] if flip else []
        error = self.head(image, output).exp() if self.head else disagreement([*scales, *mirrored])
        inverse_depth = (scales[0] + mirrored[0]) / 2 if mirrored else scales[0]
        return inverse_depth, confidence_of(error)


def _enlarge(values: Tensor, size: tuple[int, ...]) -> np.ndarray:
    """(1, h, w) to a float32 array (H, W); inverse depth, unlike depth, may be interpolated across edges."""
    enlarged = F.interpolate(values[None].float(), size, mode="bilinear", align_corners=False)
    return enlarged[0, 0].cpu().numpy()

"""The one thing most people want: image in, depth out."""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from itertools import repeat
from pathlib import Path

import numpy as np
from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.hub import HUB, is_repository
from acdepth.core.images import Pixels
from acdepth.core.prediction import DepthPrediction
from acdepth.core.shipped import STUDENT, or_shipped
from acdepth.inference.devices import BackendName, Precision
from acdepth.inference.framing import describe_ratio
from acdepth.inference.hub.model_card import Licences, Measured
from acdepth.inference.model import DepthModel, RawDepth, open_model
from acdepth.inference.output import depth_of, enlarge, fused
from acdepth.inference.pixels import Image, as_pixels
from acdepth.inference.steady import Steady
from acdepth.inference.view import View
from acdepth.networks.checkpoint import checkpoint_file

MARGIN = 2.0
"""By which a JPEG that is decoded at reduced size is still larger than the network sees it: shrunk twice by
nearly the same, an image loses detail that depth depends on (docs/performance.md)."""


def register_with_transformers() -> None:
    """Make transformers open saved folders of ours, by its ``Auto`` classes and its pipeline (docs/hub.md).

    Raises:
        UserError: if it is not installed.
    """
    if not find_spec("transformers"):
        raise UserError(None, "transformers is not installed", "pip install 'acdepth[train]'")
    from acdepth.inference.hub.auto import register

    register()


def load(
    path: Path | str | None = None,
    device: str = "auto",
    camera: Camera | None = None,
    precision: Precision = "fp32",
    backend: BackendName = "auto",
) -> "Predictor":
    """Load a depth network for inference.

    Args:
        path: checkpoint (``model.safetensors``) or its folder, or ``shipped``, the small network that ships;
            None is the same, and a warning says what it was trained on. Or a model of the Hugging Face hub,
            ``OWNER/MODEL`` or ``OWNER/MODEL@REVISION`` as text that is no path here; or ``hf:`` and a name of
            the hub or a folder: ours, or a depth model of transformers (docs/hub.md).
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        camera: of the images to come, where a call does not give another; makes metres right for a lens that
            is not the training one, and points possible.
        precision: ``fp32``; ``bf16``; ``auto``: bfloat16 where the device computes in it; ``int8``: of
            OpenVINO on a CPU, refused where it costs more than 2 % of absRel on the built-in world.
        backend: ``torch``, ``openvino``, ``onnx``, or ``auto``: see `choose_backend`.

    Raises:
        UserError: if the checkpoint, the device or the backend cannot be used, or int8 is refused.
    """
    if path is None and not STUDENT.exists():
        what = f"no weights were given and the shipped ones are missing ({STUDENT})"
        raise UserError(None, what, "give a checkpoint, or make one with: acdepth demo")
    file = STUDENT if path is None else _meant(path)
    model = open_model(file, "checkpoint", device, precision, backend)
    if path is None:
        logging.getLogger("acdepth").warning("using the weights that ship: %s", model.description)
    return Predictor(model, camera)


def _meant(path: Path | str) -> Path:
    """The checkpoint, or ``hf:`` with a name of the hub, which only text is that no path has."""
    named = isinstance(path, str) and is_repository(path)
    if named and not Path(path).exists():
        return Path(f"{HUB}{path}")
    return checkpoint_file(or_shipped(Path(path), STUDENT))


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

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path,
        *,
        revision: str | None = None,
        device: str = "auto",
        camera: Camera | None = None,
        precision: Precision = "fp32",
        backend: BackendName = "auto",
    ) -> "Predictor":
        """`load`, by the hub's word for it; ``revision`` is a branch, a tag or a commit of the repository."""
        return load(f"{name}@{revision}" if revision else name, device, camera, precision, backend)

    def save_pretrained(
        self,
        folder: str | Path,
        *,
        licence: str | None = None,
        data_licence: str | None = None,
        measured: Sequence[Measured] = (),
        name: str | None = None,
    ) -> None:
        """Write the checkpoint with all that the hub and transformers want beside it (docs/hub.md).

        Args:
            folder: is made where needed; other files in it are left alone.
            licence: of the weights, by the hub's list (``apache-2.0``) or in words. None is not stated, which
                the model card says.
            data_licence: likewise of what they were trained on, in words.
            measured: results for the model card, from `acdepth.evaluation.read_measured`.
            name: heads the model card, and is what its examples load; the folder if not given.

        Raises:
            UserError: if the model was not opened from a checkpoint of ours, results are of other weights, or
                the folder cannot be written.
        """
        from acdepth.inference.hub.folder import save_folder

        licences = Licences(licence, data_licence)
        save_folder(self.model, Path(folder), name or Path(folder).as_posix(), licences, measured)

    def push_to_hub(
        self,
        repository: str,
        *,
        licence: str,
        data_licence: str,
        measured: Sequence[Measured] = (),
        private: bool = False,
        message: str = "Upload by acdepth",
    ) -> str:
        """Publish what `save_pretrained` writes as ``OWNER/MODEL``; both licences have to be stated.

        Args:
            repository: is made where needed.
            licence: see `save_pretrained`.
            data_licence: likewise.
            measured: likewise.
            private: whether a new repository is seen by its owner alone.
            message: of the commit.

        Returns:
            The address of the commit.

        Raises:
            UserError: likewise, if a licence is empty, or if the hub refuses.
        """
        if not (licence and data_licence):
            remedy = "say under which the weights and what they were trained on may be used"
            raise UserError(repository, "is not published without its licences", remedy)
        from acdepth.inference.hub.upload import push_folder

        def write(folder: Path) -> None:
            self.save_pretrained(
                folder, licence=licence, data_licence=data_licence, measured=measured, name=repository
            )

        return push_folder(repository, write, private, message)

    def __call__(
        self,
        image: Image,
        camera: Camera | None = None,
        flip: bool = False,
        confidence: bool = True,
        camera_height: float | None = None,
        bgr: bool = False,
    ) -> DepthPrediction:
        """Predict one image.

        Args:
            image: a path, the content of a file, or a file opened to read bytes; uint8 (H, W, 3) as array or
                PIL image; or a tensor (3, H, W), uint8 or in 0..1. A very large JPEG is decoded at reduced
                size, see `read`.
            camera: of this image, at this or another resolution.
            flip: also predict the mirror image and fuse both inverse depths; twice the time.
            confidence: whether to say it too; a model of transformers has none without ``flip``.
            camera_height: of the lens above the road [m], by which a relative model says metres; others do
                not ask for it.
            bgr: whether the channels of an array or a tensor are blue, green, red, as OpenCV has them; else
                they are red, green, blue. Nothing is guessed.

        Raises:
            UserError: if the image cannot be read or is not the camera's, or tells no metres.
        """
        return self.predict_batch([image], camera, flip, confidence, camera_height, bgr)[0]

    def predict_batch(
        self,
        images: Iterable[Image],
        camera: Camera | None = None,
        flip: bool = False,
        confidence: bool = True,
        camera_height: float | None = None,
        bgr: bool = False,
    ) -> list[DepthPrediction]:
        """Predict many images of any sizes, those of like size together; arguments as for one."""
        pixels = [self.read(image, bgr=bgr) for image in images]
        return [finish() for finish in self.ask(pixels, camera, flip, confidence, camera_height)]

    def stream(
        self,
        images: Iterable[Image],
        times: Iterable[float] | None = None,
        camera: Camera | None = None,
        flip: bool = False,
        confidence: bool = True,
        camera_height: float | None = None,
        bgr: bool = False,
    ) -> Iterator[DepthPrediction]:
        """Predict consecutive images of one camera so that depth does not flicker, each as it is taken.

        Args:
            images: in order, of any length: a live camera's, too.
            times: when each was taken [s], from any origin; without, they are 1/25 s apart.
            camera: this and the others as for one image.

        Raises:
            UserError: as a call.
        """
        steady = Steady()
        for image, time in zip(images, repeat(None) if times is None else times, strict=False):
            pixels = self.read(image, bgr=bgr)
            [finish] = self.ask([pixels], camera, flip, confidence, camera_height)
            yield steady(pixels.array, finish(), time)

    def read(self, image: Image, margin: float = MARGIN, bgr: bool = False) -> Pixels:
        """An image of any kind as pixels.

        A large JPEG is decoded at 1/2, 1/4 or 1/8 of its sides, unless the model looks at it at its own size
        or by another filter than the mean over areas.

        Args:
            image: see `__call__`.
            margin: how many times as large as the network sees it a JPEG stays at least; infinity decodes it
                whole, 1 as small as it may be.
            bgr: see `__call__`.

        Raises:
            UserError: if it cannot be read.
        """
        model = self.model
        by_area = model.input_size is not None and model.resize == "area" and not model.relative
        if not by_area or math.isinf(margin):
            return as_pixels(image, bgr=bgr)

        def needed(size: tuple[int, int]) -> tuple[int, int]:
            height, width = model.fit(size)
            return math.ceil(margin * height), math.ceil(margin * width)

        return as_pixels(image, needed, bgr)

    def ask(
        self,
        pixels: Sequence[Pixels],
        camera: Camera | None = None,
        flip: bool = False,
        confidence: bool = True,
        camera_height: float | None = None,
    ) -> list[Callable[[], DepthPrediction]]:
        """Ask the network about images that were `read`; arguments as for `predict_batch`.

        Returns:
            What brings each answer to its image's size. That needs the network no more, so that another
            thread may do it while the network answers to the next image.

        Raises:
            UserError: likewise; each of the functions, if what the network says is no depth.
        """
        camera, model = camera or self.camera, self.model
        if camera:
            for image in pixels:
                camera.at_size(*image.size)  # refuses those of another aspect
        cameras = [camera and camera.resized(*image.size) for image in pixels]
        sizes = [model.fit(image.size) for image in pixels]
        kind = "head" if model.head else "flip" if flip else "scales"
        kind = kind if confidence and (flip or model.has_scales) else "none"
        views = [View(one, camera_height) for one in cameras]
        arrays = [image.array for image in pixels]
        answers = model.infer(arrays, sizes, mirrored=flip, confidence=kind, views=views)
        ratios = [model.focal_ratio(camera, size) for size in sizes]
        return [partial(self._finish, *row) for row in zip(pixels, answers, ratios, cameras, strict=True)]

    def _finish(
        self, image: Pixels, answer: RawDepth, ratio: float, camera: Camera | None
    ) -> DepthPrediction:
        inverse_depth = fused(answer)
        same = inverse_depth.amin() == inverse_depth.amax()
        if not inverse_depth.isfinite().all() or (same and np.ptp(image.array) > 0):
            what = "predicts depth that is not finite, or the same everywhere"
            raise UserError(self.model.name, what, "its weights are damaged: copy or train them again")
        depth = _array(depth_of(inverse_depth, image.size)) * ratio
        sure = None if answer.confidence is None else _array(enlarge(answer.confidence, image.size))
        return DepthPrediction(depth, sure, camera, self.model.metric)

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

"""A depth network that is ready to answer, whatever computes it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from acdepth.core.camera import Camera
from acdepth.core.condition import Condition
from acdepth.core.crop import Crop, Resize
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file
from acdepth.core.hub import hub_model
from acdepth.core.resize import crop_and_resize
from acdepth.inference.devices import BackendName, Precision, Runtime, choose_backend, choose_device
from acdepth.inference.exported.formats import SUFFIXES
from acdepth.inference.framing import focal_ratio, network_size, refuse_other_aspect, trained_aspect
from acdepth.inference.metric import find_metres
from acdepth.inference.torch_backend import Backend, torch_backend
from acdepth.inference.view import View
from acdepth.networks.checkpoint import MODEL_FILE, CheckpointCard, load_checkpoint, load_confidence_head
from acdepth.networks.confidence import ConfidenceHead, confidence_of, disagreement
from acdepth.networks.depth_net import DepthNet, DepthOutput
from acdepth.networks.metres import Metres

Confidence = Literal["none", "scales", "flip", "head"]
"""What confidence is made from: nothing; how far the network's four scales lie apart; these and those of the
mirror image; the checkpoint's confidence head."""
CONFIDENCE_IN_WORDS: dict[Confidence, str] = {
    "none": "none",
    "scales": "agreement of the network's four scales, smoothed",
    "flip": "agreement of the network's four scales and those of the mirror image, smoothed",
    "head": "the checkpoint's confidence head",
}
IMAGES_AT_ONCE = 8


class RawDepth(NamedTuple):
    """What a model says, at the size at which it saw the image."""

    inverse_depth: Tensor
    """(B, 1, h, w) [1/m]."""
    mirrored: Tensor | None
    """(B, 1, h, w) [1/m] of the mirror image, mirrored back; None where it was not asked for."""
    confidence: Tensor | None
    """(B, 1, h, w) in 0..1; None where it was not asked for."""


@dataclass(frozen=True)
class DepthModel:
    """A backend, and what must be known of the network behind it."""

    name: str
    """What tables call it."""
    backend: Backend
    """Answers at all scales, and with features."""
    input_size: tuple[int, int] | None
    """(height, width) that the network was trained at [px]; None if it takes images as they are, and brings
    them to its size itself."""
    camera: Camera | None = None
    """Training camera at ``input_size``; None if unknown."""
    device: torch.device = field(default_factory=choose_device)
    """Where ``backend`` takes its input."""
    finest: Backend | None = None
    """Answers at the finest scale alone; None where that is no quicker."""
    takes: tuple[int, int] | None = None
    """The only (height, width) of images that ``backend`` takes [px], which it brings to the network's size
    itself; None where it is the caller who does."""
    head: ConfidenceHead | None = None
    """The checkpoint's confidence head, on ``device``."""
    metric: bool = True
    """Whether its metres are metres; of a ``relative`` model, once they are."""
    relative: bool = False
    """Whether its inverse depth has neither unit nor zero, until an image's `View` brings it to metres."""
    metres: Metres | None = None
    """Where these come from; None if that was not recorded."""
    crop: Crop | None = None
    """Window of the original images that it was trained on; None for all of them."""
    resize: Resize = "area"
    """How it is brought to the size at which the network sees it."""
    conditions: tuple[Condition, ...] = ()
    """That it was trained on."""
    description: str = ""
    """For people: what it was trained on and how."""
    sha256: str | None = None
    """Of its checkpoint; None where there is none."""
    file: Path | None = None
    """Its checkpoint, likewise."""
    one_scale: bool = False
    """Whether it answers at the finest scale alone."""

    @property
    def has_scales(self) -> bool:
        """Whether it answers at several scales, whose agreement confidence may be made from."""
        return self.input_size is not None and not self.one_scale

    @property
    def follows_lens(self) -> bool:
        """Whether the camera of an image changes its metres."""
        one_lens = self.metres is not None and self.metres.one_lens
        return self.metric and self.camera is not None and not one_lens

    def fit(self, image_size: tuple[int, ...]) -> tuple[int, int]:
        """The (height, width) [px] at which the network sees an image of ``image_size`` in its own aspect."""
        height, width = image_size[:2]
        if self.takes is not None:
            refuse_other_aspect((height, width), self.takes, self.name)
            return self.takes
        return self._seen((height, width))

    def _seen(self, image_size: tuple[int, int]) -> tuple[int, int]:
        if self.input_size is None:
            return image_size
        return network_size(image_size, self.input_size, trained_aspect(self.input_size, self.camera))

    def focal_ratio(self, camera: Camera | None, size: tuple[int, int]) -> float:
        """The factor on metres for an image of ``camera`` seen at ``size``; 1 where that is not known."""
        if camera is None or self.camera is None or self.input_size is None or not self.follows_lens:
            return 1.0
        size = self._seen(self.takes) if self.takes else size
        return focal_ratio(camera, size, self.camera, self.input_size)

    def resized(self, image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """An image, uint8 (H, W, 3), as the network sees it at a (height, width)."""
        return crop_and_resize(image, None, size, "image", self.resize)

    def infer(
        self,
        images: Sequence[np.ndarray],
        sizes: Sequence[tuple[int, int]],
        *,
        night: Sequence[bool] | None = None,
        mirrored: bool = False,
        confidence: Confidence = "none",
        at_once: int = IMAGES_AT_ONCE,
        views: Sequence[View] | None = None,
    ) -> list[RawDepth]:
        """What the network says of each of N images, those of one size together.

        Args:
            images: RGB, uint8 (H, W, 3), of any sizes.
            sizes: (height, width) at which the network sees each [px].
            night: which are of the night, for networks that are told; None tells nothing.
            mirrored: whether to ask about the mirror images as well, for twice the time.
            confidence: what to make confidence from.
            at_once: images of one size that are computed together. Convolutions round differently in
                batches of different size.
            views: what is known of each image at the size at which the network sees it, by which what a
                ``relative`` model says becomes metres; without them it stays as it is.

        Returns:
            N answers with B = 1.

        Raises:
            UserError: if nothing is known that tells metres; `NoMetres` if one image does not show them.
        """
        of_size: dict[tuple[int, int], list[int]] = defaultdict(list)
        for index, size in enumerate(sizes):
            of_size[size].append(index)
        found: dict[int, RawDepth] = {}
        for size, indices in of_size.items():
            for start in range(0, len(indices), at_once):
                some = indices[start : start + at_once]
                batch = np.stack([self.resized(images[index], size) for index in some])
                told = None if night is None else [night[index] for index in some]
                found.update(zip(some, _rows(self._answer(batch, told, mirrored, confidence)), strict=True))
        if self.relative and views is not None:
            found = {index: _in_metres(one, images[index], views[index]) for index, one in found.items()}
        return [found[index] for index in range(len(images))]

    @torch.inference_mode()
    def _answer(
        self, pixels: np.ndarray, night: list[bool] | None, mirrored: bool, confidence: Confidence
    ) -> RawDepth:
        image = torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2).float() / 255
        told = None if night is None else torch.tensor(night, device=self.device)
        backend = self.finest if self.finest and confidence == "none" else self.backend
        output, twins = backend(image, told), []
        if mirrored or confidence == "flip":
            twins = [one.flip(-1) for one in backend(image.flip(-1), told).inverse_depths]
        sure = self._confidence(image, output, twins, confidence)
        return RawDepth(output.inverse_depths[0], twins[0] if mirrored else None, sure)

    def _confidence(
        self, image: Tensor, output: DepthOutput, twins: Sequence[Tensor], kind: Confidence
    ) -> Tensor | None:
        if kind == "none":
            return None
        if kind == "head":
            if self.head is None:
                raise ValueError(f"{self.name} has no confidence head")
            return confidence_of(self.head(image, output).exp())
        return confidence_of(disagreement([*output.inverse_depths, *twins]))


def open_model(
    path: Path,
    name: str = "",
    device: str = "auto",
    precision: Precision = "fp32",
    backend: BackendName | None = None,
) -> DepthModel:
    """Load a checkpoint; ``device`` is as `choose_device` takes it, ``name`` what tables call it.

    Of a path that begins with ``hf:`` the rest is the folder of a model of ours (docs/hub.md) or of
    transformers, or its hub's name. The ``backend`` is torch, which numbers of results are by, unless another
    is asked for; of a file that ``acdepth export`` wrote it is what the file was made for.

    Raises:
        UserError: if there is no such model, or the device or the backend cannot be used.
    """
    if other := hub_model(path):
        from acdepth.inference.hub.folder import is_ours
        from acdepth.inference.hub_model import (
            model_folder,
            open_hub_model,
        )  # which take a `DepthModel` from here

        name, folder = name or Path(path).as_posix(), model_folder(other)
        if is_ours(folder):
            return open_model(folder / MODEL_FILE, name, device, precision, backend)
        if backend not in (None, "auto", "torch") or precision == "int8":
            what = f"{backend if precision != 'int8' else precision} is for networks of our own"
            raise UserError(path, what, "use --backend torch, and fp32 or bf16")
        return open_hub_model(other, folder, name, choose_device(device), precision)
    if Path(path).suffix in SUFFIXES.values():
        from acdepth.inference.exported.opening import open_exported  # likewise

        return open_exported(Path(path), name or str(path), device, precision, backend)
    runtime, chosen = choose_backend(backend or "torch", device, precision)
    network, card = load_checkpoint(path)
    head = load_confidence_head(path) if card.confidence else None
    model = model_of(network, card, chosen, head, name or str(path), precision, hash_file(path), runtime)
    return replace(model, file=Path(path))


def model_of(
    network: DepthNet,
    card: CheckpointCard,
    device: torch.device,
    head: ConfidenceHead | None = None,
    name: str = "",
    precision: Precision = "fp32",
    sha256: str | None = None,
    runtime: Runtime = "torch",
) -> DepthModel:
    """A network of ours with its card; it is frozen and moved to ``device``.

    Raises:
        UserError: if in int8 it loses too much.
    """
    if runtime == "torch":
        backend, finest = torch_backend(network, device, precision), None
    else:
        from acdepth.inference.graphs import graph_backends  # of the extras

        backend, finest = graph_backends(network, card, name, runtime, precision, sha256)
    model = by_card(card, backend, device, name, sha256)
    ready = head.eval().requires_grad_(False).to(device) if head else None
    return replace(model, finest=finest, head=ready)


def by_card(
    card: CheckpointCard, backend: Backend, device: torch.device, name: str, sha256: str | None
) -> DepthModel:
    """What a card says of a network, whatever computes it."""
    return DepthModel(
        name=name,
        backend=backend,
        input_size=card.input_size,
        camera=Camera.from_dict(card.camera, name or "checkpoint") if card.camera else None,
        device=device,
        metric=card.metric,
        metres=card.metres,
        crop=card.crop,
        resize=card.resize,
        conditions=card.conditions,
        description=card.description,
        sha256=sha256,
    )


def _in_metres(answer: RawDepth, image: np.ndarray, view: View) -> RawDepth:
    metric = find_metres(answer.inverse_depth, image, view)
    if answer.mirrored is None:
        return answer._replace(inverse_depth=metric.of(answer.inverse_depth))
    twin = find_metres(answer.mirrored, image, view)
    return answer._replace(inverse_depth=metric.of(answer.inverse_depth), mirrored=twin.of(answer.mirrored))


def _rows(answer: RawDepth) -> list[RawDepth]:
    """A batch of N as N answers with B = 1."""
    pieces = [[None] * len(answer.inverse_depth) if one is None else one.split(1) for one in answer]
    return [RawDepth(*row) for row in zip(*pieces, strict=True)]

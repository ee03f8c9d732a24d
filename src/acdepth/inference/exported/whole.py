"""What an exported file is made from: pixels in, metres out, with all that lies between."""

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from acdepth.core.camera import Camera
from acdepth.core.crop import Resize
from acdepth.core.taps import taps
from acdepth.inference.framing import FEWEST_STRIDES, network_size, trained_aspect
from acdepth.inference.output import depth_of
from acdepth.networks.checkpoint import CheckpointCard
from acdepth.networks.depth_net import STRIDE, DepthNet

IMAGE, FOCAL_LENGTH, DEPTH = "image", "focal_length", "depth"
"""Names of inputs and output."""
UNKNOWN = (0.0, 0.0)
"""Focal lengths of a lens that is not known."""
MOST_STRIDES = 128
"""Per side of an image of any size: 4096 pixels."""


class ImageToDepth(nn.Module):
    """A network with what comes before and after it, as `Predictor` has it.

    Args:
        network: of ours; it is copied.
        card: its own.
        image_size: (height, width) of the images [px], which are brought to the network's size; None for any
            whose sides are multiples of 32: the network sees them as they are.
        half: whether the network computes in float16; pixels, heads and depth stay in float32.
    """

    def __init__(
        self, network: DepthNet, card: CheckpointCard, image_size: tuple[int, int] | None, half: bool = False
    ) -> None:
        super().__init__()
        self.network = deepcopy(network).eval().requires_grad_(False)
        self.half_precision = half
        if half:
            self.network.encoder.half()
            self.network.decoder.half()
            self.network.decoder.heads.float()
        camera = Camera.from_dict(card.camera, "checkpoint") if card.camera else None
        self.image_size = image_size
        self.example_size = image_size or card.input_size
        self.resized, usual = None, camera.fx * camera.fy if camera else 1.0
        if image_size is not None:
            seen = network_size(image_size, card.input_size, trained_aspect(card.input_size, camera))
            if seen != image_size:
                self.resized = Resized(image_size, seen, card.resize)
                usual *= image_size[0] / seen[0] * image_size[1] / seen[1]
        self.usual = usual
        """Product of the training camera's focal lengths in pixels of the image."""
        one_lens = card.metres is not None and card.metres.one_lens
        self.takes_focal_length = card.metric and camera is not None and not one_lens

    def forward(self, image: Tensor, focal_length: Tensor | None = None) -> Tensor:
        """Depth of an image.

        Args:
            image: RGB, uint8 (1, H, W, 3).
            focal_length: (2,) of its lens along x and y, in pixels of the image; `UNKNOWN` leaves metres
                those of the training camera. Only for networks whose metres follow the lens.

        Returns:
            (1, H, W) [m] along the optical axis.
        """
        height, width = image.shape[1:3]
        pixels = image.permute(0, 3, 1, 2).float()
        seen = pixels if self.resized is None else self.resized(pixels)
        depth = depth_of(self._inverse_depth(seen / 255), (height, width))[:, 0]
        if focal_length is None:
            return depth
        product = focal_length[0] * focal_length[1]
        return depth * torch.where(product > 0, (product / self.usual).sqrt(), 1.0)

    def example(self) -> dict[str, Tensor]:
        """Inputs by their names."""
        inputs = {IMAGE: torch.zeros(1, *self.example_size, 3, dtype=torch.uint8)}
        return inputs | ({FOCAL_LENGTH: torch.tensor(UNKNOWN)} if self.takes_focal_length else {})

    def dynamic_shapes(self) -> dict[str, Any] | None:
        """Which sides of the inputs may change, as `torch.export.export` takes it."""
        if self.image_size is not None:
            return None
        sides = {
            1 + axis: STRIDE * torch.export.Dim(name, min=FEWEST_STRIDES, max=MOST_STRIDES)
            for axis, name in enumerate(("rows", "columns"))
        }
        return {name: sides if name == IMAGE else {} for name in self.example()}

    def _inverse_depth(self, image: Tensor) -> Tensor:
        network = self.network
        normalised = network.normalised(image)
        features = network.encoder(normalised.half() if self.half_precision else normalised)
        return network.decoder(features)[0]


class Resized(nn.Module):
    """Images of one size brought to another by the filter by which the network learnt to see them."""

    rows: Tensor
    columns: Tensor
    row_weights: Tensor
    column_weights: Tensor

    def __init__(self, size: tuple[int, int], wanted: tuple[int, int], resize: Resize) -> None:
        super().__init__()
        self.by_passes = resize == "lanczos"  # as Pillow: each has 8 bits
        shrinks = wanted[0] <= size[0] and wanted[1] <= size[1]
        for axis, name in ((0, "row"), (1, "column")):
            places, weights = taps(size[axis], wanted[axis], resize, shrinks)
            self.register_buffer(f"{name}s", torch.from_numpy(places), persistent=False)
            self.register_buffer(f"{name}_weights", torch.from_numpy(weights), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """(1, 3, H, W) in 0..255 -> (1, 3, h, w), whole numbers too."""
        across = _summed(pixels, 3, self.columns, self.column_weights)
        if self.by_passes:
            across = _whole(across)
        return _whole(_summed(across, 2, self.rows, self.row_weights[..., None]))


def _summed(pixels: Tensor, axis: int, places: Tensor, weights: Tensor) -> Tensor:
    parts = [pixels.index_select(axis, place) * weight for place, weight in zip(places, weights, strict=True)]
    return torch.stack(parts).sum(0) if len(parts) > 1 else parts[0]


def _whole(pixels: Tensor) -> Tensor:
    return pixels.round().clamp(0, 255)

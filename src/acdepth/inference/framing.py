"""How an image of any size and camera meets a network that was trained at one size with one camera."""

import math
from collections.abc import Iterator

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.networks.depth_net import STRIDE

FEWEST_STRIDES = 2
"""Per side: a single row of the coarsest features cannot be padded by reflection."""
SAME_ASPECT = 0.05
"""Aspect ratios within 5 % count as the training one: 1600 x 900 on a network of 576 x 320."""
ASPECT_WEIGHT = 2.0
"""A stretched car is worse than one that is larger or smaller than usual by the same factor."""
MEASURED_RATIOS = (0.7, 1.5)
"""Focal lengths over the training one for which rescaled metres were measured to hold (docs/protocols.md)."""


def network_size(image_size: tuple[int, int], input_size: tuple[int, int], aspect: float) -> tuple[int, int]:
    """The (height, width) [px] at which the network sees an image.

    The network is fully convolutional, so an image keeps its aspect instead of being stretched or cropped:
    of all sizes in multiples of 32 the one is taken that changes aspect and area least. An image of the
    training aspect gets exactly the training size. Every pixel of the image gets a depth.

    Sizes are (height, width) [px], ``input_size`` the one that the network was trained at; ``aspect`` is that
    of the images behind it, from `trained_aspect`.
    """
    height, width = image_size
    stretch = math.log(width / height) - math.log(aspect)
    if abs(stretch) < math.log1p(SAME_ASPECT):
        return input_size
    # Training itself may stretch (1600 x 900 to 576 x 320); the same stretch is then the right one.
    wanted_aspect = math.log(input_size[1] / input_size[0]) + stretch
    wanted_area = math.log(input_size[0] * input_size[1])

    def badness(size: tuple[int, int]) -> float:
        aspect, area = math.log(size[1] / size[0]), math.log(size[0] * size[1])
        return ASPECT_WEIGHT * abs(aspect - wanted_aspect) + abs(area - wanted_area)

    return min(_sizes_near(wanted_aspect, wanted_area), key=badness)


def refuse_other_aspect(image_size: tuple[int, int], taken: tuple[int, int], where: str) -> None:
    """Raise `UserError` if images of one (height, width) [px] would be stretched to another."""
    (height, width), (rows, columns) = image_size, taken
    if abs(math.log(width / height * rows / columns)) >= math.log1p(SAME_ASPECT):
        what = f"takes images of {columns}x{rows} pixels, and one of {width}x{height} has another aspect"
        remedy = "export for its size (--image-size), or for any"
        raise UserError(where, what, remedy)


def trained_aspect(input_size: tuple[int, int], camera: Camera | None) -> float:
    """Width / height of the training footage: square pixels that training stretched have become fx : fy.

    ``camera`` is that of the training images at ``input_size``; where it is unknown they are taken as
    unstretched.
    """
    height, width = input_size
    return width / height * (camera.fy / camera.fx if camera else 1.0)


def focal_ratio(camera: Camera, size: tuple[int, int], trained: Camera, input_size: tuple[int, int]) -> float:
    """The factor on metric depth for a camera that is not the training one.

    A car that covers 20 pixels of the network's input looks equally near to the network through any lens; its
    distance is in proportion to the focal length in those pixels (the canonical camera of Metric3D, Yin et
    al. 2023): that of the image at the ``size`` at which the network sees it, over that of the training
    images at ``input_size``.
    """
    seen, usual = camera.resized(*size), trained.resized(*input_size)
    return math.sqrt(seen.fx * seen.fy / (usual.fx * usual.fy))


def describe_ratio(ratio: float) -> str:
    """One line on what a `focal_ratio` makes of metres."""
    said = f"depth is metric, rescaled by {ratio:.2f} from the training camera to the given one"
    low, high = MEASURED_RATIOS
    # A camera at the very edge is inside, whatever rounding does to its ratio.
    if low - 0.005 <= ratio <= high + 0.005:
        return said
    return f"{said}; what was measured is {low:g} to {high:g}, so check these metres"


def _sizes_near(wanted_aspect: float, wanted_area: float) -> Iterator[tuple[int, int]]:
    """Multiples of the stride around the wanted sides, rounded both ways."""
    height = math.exp((wanted_area - wanted_aspect) / 2) / STRIDE
    width = math.exp((wanted_area + wanted_aspect) / 2) / STRIDE
    for rows in range(max(FEWEST_STRIDES, math.floor(height) - 2), math.ceil(height) + 3):
        for columns in range(max(FEWEST_STRIDES, math.floor(width) - 2), math.ceil(width) + 3):
            yield rows * STRIDE, columns * STRIDE

"""The gate: an exported file says of pictures what the checkpoint says in torch, or it is not kept."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.resize import crop_and_resize
from acdepth.inference.exported.about import About, ExportPrecision
from acdepth.inference.exported.running import Inputs, Run
from acdepth.inference.exported.whole import FOCAL_LENGTH, IMAGE
from acdepth.inference.predictor import Predictor


class Bound(NamedTuple):
    """By how much depth may differ from torch's, as a part of it."""

    mean: float
    """In the mean over all pictures."""
    worst: float
    """In the mean over any picture."""


BOUNDS: dict[ExportPrecision, Bound] = {
    "fp32": Bound(1e-5, 5e-5),
    "fp16": Bound(1e-2, 1e-1),
    "int8": Bound(6e-2, 5e-1),
}
"""Measured on 50 photographs and 50 pictures of the world: docs/export.md."""
LENSES = (0.0, 0.8, 1.2)
"""Focal lengths over the picture's width, by turns; 0 is not known."""


class Picture(NamedTuple):
    """What the gate looks at."""

    name: str
    image: np.ndarray
    """RGB, uint8 (H, W, 3), of any size."""


class Difference(NamedTuple):
    """How far a file is from torch in one picture."""

    mean: float
    """Over its pixels, as a part of the depth."""
    name: str
    """Of the picture."""


@dataclass(frozen=True)
class Agreement:
    """How far a file is from torch; see `Bound`."""

    pictures: int
    mean: float
    worst: Difference

    def describe(self) -> str:
        """One line."""
        return (
            f"differs from torch by {percent(self.mean)} of the depth in the mean over {self.pictures} "
            f"pictures and by {percent(self.worst.mean)} in the worst of them, {self.worst.name}"
        )


def compare(run: Run, about: About, predictor: Predictor, pictures: Iterable[Picture]) -> Agreement:
    """Ask a file and torch about the same pictures; arguments as for `differences`."""
    found = list(differences(run, about, predictor, pictures))
    return Agreement(len(found), sum(one.mean for one in found) / len(found), max(found))


def differences(
    run: Run, about: About, predictor: Predictor, pictures: Iterable[Picture]
) -> Iterator[Difference]:
    """How far a file is from torch in each picture.

    Args:
        run: asks the file.
        about: what it takes.
        predictor: the checkpoint in torch.
        pictures: of any size; they are brought to one that the file takes.
    """
    for number, picture in enumerate(pictures):
        size = about.image_size or predictor.model.fit(picture.image.shape)
        image = crop_and_resize(picture.image, None, size, picture.name, predictor.model.resize)
        inputs, camera = _asked(image, LENSES[number % len(LENSES)] if about.takes_focal_length else 0)
        expected = predictor(image, camera, confidence=False).depth
        off = np.abs(run(inputs)[0].astype(np.float64) / expected - 1)
        off = np.where(np.isfinite(off), off, np.inf)  # NaN would not be the largest
        yield Difference(float(off.mean()), picture.name)


def refuse(agreement: Agreement, bound: Bound, where: str) -> None:
    """Raise `UserError` if a file differs by more than it may."""
    if agreement.mean <= bound.mean and agreement.worst.mean <= bound.worst:
        return
    what = f"{agreement.describe()}; {describe(bound)} may be, so nothing is left"
    raise UserError(where, what, "export in a higher precision, or report this as a fault of the export")


def describe(bound: Bound) -> str:
    """In a few words."""
    return f"{percent(bound.mean)} in the mean and {percent(bound.worst)} in one picture"


def percent(part: float) -> str:
    """Such as ``0.02 %``."""
    return f"{100 * part:.2g} %"


def _asked(image: np.ndarray, lens: float) -> tuple[Inputs, Camera | None]:
    """The inputs of a file, and the camera that says the same to `Predictor`."""
    if not lens:
        return {IMAGE: image[None]}, None
    height, width, _ = image.shape
    camera = Camera(lens * width, 1.1 * lens * width, width / 2 - 0.5, height / 2 - 0.5, width, height)
    return {IMAGE: image[None], FOCAL_LENGTH: np.array([camera.fx, camera.fy], np.float32)}, camera

"""What was asked of ``acdepth predict``."""

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

from acdepth.core.camera import Camera
from acdepth.core.cloud import PointChoice
from acdepth.core.errors import UserError
from acdepth.core.lens import Lens
from acdepth.core.prediction import ALL_POINTS
from acdepth.data.own.guessed import check_fov, lens_from_fov
from acdepth.inference.predictor import Predictor

Format = Literal["png16", "colour", "npy", "exr", "confidence", "ply", "glb", "html", "mcap", "rrd"]
FORMATS: tuple[Format, ...] = get_args(Format)
NEED_CAMERA: tuple[Format, ...] = ("ply", "glb", "html")
"""Points alone; recordings have pictures and depth without it."""
OVER_TIME: tuple[Format, ...] = ("mcap", "rrd")
"""One file for all frames of an input."""
TO_LOOK_AT: tuple[Format, ...] = ("html", *OVER_TIME)
"""Where the sky would be a wall behind which the street is a speck."""
OF_POINTS: tuple[Format, ...] = (*NEED_CAMERA, *OVER_TIME)
FARTHEST_SHOWN = 80.0
"""Of points in formats `TO_LOOK_AT`, where nobody says how far [m]."""


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    lens: Lens | None = None
    """Of all inputs; None where each has its own or none."""
    fx: float | None = None
    """Focal length of all inputs [px], where that is all that is known of their camera."""
    fov: float | None = None
    """Horizontal field of view of all inputs [degrees], where somebody guesses it."""
    flip: bool = False
    to: tuple[Format, ...] | None = None
    """What is written; None is colours and 16-bit PNG of a picture, and a film of colours of a video."""
    choice: PointChoice = ALL_POINTS
    """Of points, in every format that has them."""
    steady: bool = True
    """Whether the frames of a video draw on those before them."""
    depth_alone: bool = False
    """Whether a film of colours is without the image beside them."""

    @property
    def needs_size(self) -> bool:
        """Whether the lens of an input follows from the size of its images only."""
        return self.fx is not None or self.fov is not None

    @property
    def confidence(self) -> bool:
        """Whether the network has to say it."""
        return self.wants("confidence") or self.choice.least_confidence > 0

    @property
    def over_time(self) -> tuple[Format, ...]:
        """The recordings that are asked for."""
        return tuple(one for one in OVER_TIME if self.wants(one))

    def wants(self, one: Format) -> bool:
        """Whether a format is asked for by name."""
        return self.to is not None and one in self.to

    def of_pictures(self) -> tuple[Format, ...]:
        """What becomes a file of each picture."""
        return tuple(one for one in self.to or ("png16", "colour") if one not in OVER_TIME)

    def of_frames(self) -> tuple[Format, ...]:
        """What becomes a file of each frame of a video."""
        return tuple(one for one in self.to or () if one not in ("colour", *OVER_TIME))

    def films(self) -> bool:
        """Whether a video becomes a film of colours."""
        return self.to is None or "colour" in self.to

    def points_in(self, one: Format, metric: bool) -> PointChoice:
        """Which points a format holds."""
        if self.choice.farthest is None and metric and one in TO_LOOK_AT:
            return replace(self.choice, farthest=FARTHEST_SHOWN)
        return self.choice

    def lens_of(self, known: Lens | None, size: tuple[int, int]) -> Lens | None:
        """The lens of an input whose images have the ``size`` (height, width), and of which one is ``known``.

        Raises:
            UserError: if it is not that of these images.
        """
        if self.fx is not None:
            return Lens(Camera.central(self.fx, *size), source="--fx")
        if self.fov is not None:
            return lens_from_fov(self.fov, size)
        lens = self.lens or known
        return lens and lens.at_size(*size)

    @property
    def tells_lens(self) -> bool:
        """Whether it is told of all inputs."""
        return self.lens is not None or self.needs_size

    def check(self) -> None:
        """Refuse before the work what could only fail after it.

        Raises:
            UserError: if numbers make no sense, or flags say the same or mean nothing.
        """
        if self.fx is not None and not (math.isfinite(self.fx) and self.fx > 0):
            raise UserError(f"--fx {self.fx:g}", "must be a positive number of pixels")
        if self.fov is not None:
            check_fov(self.fov)
        given = {"--camera": self.lens, "--fx": self.fx, "--fov": self.fov}
        said = [flag for flag, value in given.items() if value is not None]
        if len(said) > 1:
            raise UserError(None, f"{' and '.join(said)} say the same", "give one of them")
        if self.depth_alone and not self.films():
            raise UserError("--depth-alone", "is of films, and none is written", "add colour to --to")
        farthest, least = self.choice.farthest, self.choice.least_confidence
        if farthest is not None and not farthest > 0:
            raise UserError(f"--max-depth {farthest:g}", "must be a positive number of metres")
        if not 0 <= least <= 1:
            raise UserError(f"--min-confidence {least:g}", "must be in 0..1")
        if (farthest is not None or least > 0) and not any(map(self.wants, OF_POINTS)):
            flag = "--max-depth" if farthest is not None else "--min-confidence"
            raise UserError(flag, "chooses points, and none are written", f"give --to {'|'.join(OF_POINTS)}")

    def check_confidence(self, predictor: Predictor) -> None:
        """Refuse to ask a network for confidence that has none.

        Raises:
            UserError: then.
        """
        if self.confidence and not (self.flip or predictor.model.has_scales):
            raise UserError(
                predictor.model.name, "says no confidence by itself", "give --flip, which compares"
            )


def parse_formats(text: str) -> tuple[Format, ...]:
    """Formats of a list like ``png16,ply``.

    Raises:
        UserError: if one is unknown.
    """
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in FORMATS]:
        raise UserError(f"--to {text}", f"{unknown[0]!r} is unknown", f"there are {','.join(FORMATS)}")
    return tuple(one for one in FORMATS if one in names)

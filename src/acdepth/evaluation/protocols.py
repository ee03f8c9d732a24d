"""How a data set is measured: fixed by name, so that numbers of one protocol may stand in one table."""

import typing
from collections.abc import Collection, Sequence
from typing import Literal, TypeVar

from pydantic import Field

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.errors import UserError

Alignment = Literal["none", "median", "scale_and_shift"]


class _OfFrame(typing.Protocol):
    """What was measured of a model on a frame."""

    @property
    def model(self) -> str: ...

    @property
    def condition(self) -> Condition: ...


Row = TypeVar("Row", bound=_OfFrame)


class Window(Config):
    """A part of the image, as parts of its height and width."""

    top: float = Field(default=0.0, ge=0, le=1)
    """First row."""
    bottom: float = Field(default=1.0, ge=0, le=1)
    """Row after the last."""
    left: float = Field(default=0.0, ge=0, le=1)
    """First column."""
    right: float = Field(default=1.0, ge=0, le=1)
    """Column after the last."""

    def slices(self, height: int, width: int) -> tuple[slice, slice]:
        """Rows and columns of the window in an image of this size; edges are truncated to whole pixels."""
        return (
            slice(int(self.top * height), int(self.bottom * height)),
            slice(int(self.left * width), int(self.right * width)),
        )


WHOLE_IMAGE = Window()
GARG = Window(top=0.40810811, bottom=0.99189189, left=0.03594771, right=0.96405229)
"""Where KITTI is scored: without sky, bonnet and the sides that LiDAR misses (Garg et al., 2016)."""


MANYDEPTH = Window(top=1 / 3, left=0.09375, right=0.90625)
"""Where Cityscapes is scored, of images without their lowest quarter: rows 256 to 768 and columns 192 to
1856 of 2048 (ManyDepth, Watson et al., CVPR 2021)."""


class Protocol(Config):
    """Everything that decides a number besides the data and the model."""

    name: str
    """Stands over every table."""
    min_depth: float = Field(default=0.1, gt=0)
    """Measured depth at or below this is left out, and predictions are clamped to it [m]."""
    max_depth: float = Field(default=80.0, gt=0)
    """Measured depth at or above this is left out, and predictions are clamped to it [m]."""
    input_window: Window = WHOLE_IMAGE
    """The part of image and measurement that exists for the model."""
    scored_window: Window = WHOLE_IMAGE
    """The part of the measurement, within ``input_window``, that is scored."""
    alignment: Alignment = "none"
    """What each prediction is given of the measurement before it is scored: nothing, its median depth, or a
    scale and a shift of inverse depth. Only ``none`` measures metric depth."""
    flip: bool = False
    """Whether the prediction is averaged with that of the mirror image (monodepth's post-processing)."""
    condition_known: bool = False
    """Whether the model is told day or night, which changes what networks with a normalisation of their own
    for the night say. The published ACDepth code tells it; our protocols do not."""
    averaging: Literal["image"] = "image"
    """Each image's metric counts the same, however many of its pixels were measured."""
    night_rain_in_both: bool = False
    """Whether images taken at night in rain count under night and under rain instead of on their own."""
    keep_aspect: bool = False
    """Whether the network sees images in their own aspect, at the size ``acdepth predict`` chooses. False
    stretches them to the training size, as the published evaluation does."""
    focal_rescale: bool = False
    """Whether metric depth is scaled by the ratio of the image's focal length to the training camera's, as
    ``acdepth predict`` does. False takes the network's metres as they are."""

    enlarge: Literal["depth", "inverse_depth"] = "depth"
    """What is interpolated when a prediction is brought to the size of the measurement: depth, with corners
    aligned, as in the published evaluation, or inverse depth, as ``acdepth predict`` does, which puts no
    surfaces between a car and what is behind it."""

    def conditions_of(self, condition: Condition) -> tuple[Condition, ...]:
        """Under which conditions an image of this one is counted."""
        if condition == Condition.NIGHT_RAIN and self.night_rain_in_both:
            return (Condition.NIGHT, Condition.RAIN)
        return (condition,)

    def group(
        self, rows: Sequence[Row], conditions: Collection[Condition]
    ) -> dict[str, dict[str, list[Row]]]:
        """Rows of frames by model, in their order, and by the conditions that the frames count under.

        Conditions without any are left out.
        """
        groups: dict[str, dict[str, list[Row]]] = {row.model: {} for row in rows}
        for condition in [one for one in Condition if one in conditions]:
            for row in rows:
                if condition in self.conditions_of(row.condition):
                    groups[row.model].setdefault(condition.value, []).append(row)
        return groups

    def facts(self) -> list[str]:
        """What a reader must know beside every table, in short phrases, the name first."""
        return [
            f"protocol {self.name}",
            f"depth {self.min_depth:g} to {self.max_depth:g} m",
            f"images and measurement: {_in_words(self.input_window)}",
            f"scored: {_in_words(self.scored_window)}",
            ALIGNMENT_IN_WORDS[self.alignment],
            f"condition {'known' if self.condition_known else 'unknown'} to the model",
            f"{'' if self.flip else 'not '}averaged with the mirror image's prediction",
            "images keep their aspect" if self.keep_aspect else "images stretched to the network's size",
            "metres rescaled by focal length where cameras are known"
            if self.focal_rescale
            else "metres as predicted",
            f"enlarged as {self.enlarge.replace('_', ' ')}",
            f"night-rain counted {'in both night and rain' if self.night_rain_in_both else 'on its own'}",
            "mean over images",
        ]


ALIGNMENT_IN_WORDS = {
    "none": "alignment none (metric)",
    "median": "alignment median (each image scaled by its measurement: not metric)",
    "scale_and_shift": "alignment scale and shift (each image fitted to its measurement: not metric)",
}

PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol(name="nuscenes-80m", night_rain_in_both=True),
        Protocol(name="robotcar-50m", max_depth=50.0, input_window=Window(bottom=0.8)),
        Protocol(name="kitti-eigen-80m", min_depth=1e-3, scored_window=GARG),
        Protocol(
            name="cityscapes-80m",
            min_depth=1e-3,
            input_window=Window(bottom=0.75),
            scored_window=MANYDEPTH,
            enlarge="inverse_depth",
        ),
        Protocol(name="world-80m"),
        Protocol(name="own", keep_aspect=True, focal_rescale=True, enlarge="inverse_depth"),
    )
}
"""nuScenes and RobotCar: ACDepth, section 4, and md4all (RobotCar: the top 768 of 960 rows). KITTI: Eigen et
al., 2014. Cityscapes: ManyDepth, whose tables align the median. ``world-80m`` and ``own`` are ours; ``own``
measures what ``acdepth predict`` gives."""


def find_protocol(name: str) -> Protocol:
    """A protocol by name.

    Raises:
        UserError: if there is none of this name.
    """
    if name not in PROTOCOLS:
        raise UserError(None, f"protocol {name!r} is unknown", f"choose from {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]


def _in_words(window: Window) -> str:
    if window == WHOLE_IMAGE:
        return "all"
    return (
        f"{_span(window.top, window.bottom)} of the rows, {_span(window.left, window.right)} of the columns"
    )


def _span(first: float, last: float) -> str:
    return "all" if (first, last) == (0, 1) else f"{100 * first:.3g} to {100 * last:.3g} %"

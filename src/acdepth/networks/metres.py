"""Where a network's metres come from, and how far they may be off."""

from typing import Annotated, Literal, Self

from acdepth.core.config import Config, within
from acdepth.networks.settings import DepthNetConfig

Source = Literal[
    "speeds", "poses", "speeds or poses", "camera height", "measured", "model", "teacher", "start", "none"
]
"""What made depth metric: known lengths of motion, of one kind, or of both or one that was not told; the
known height of the camera above the road; a length measured in a picture (`acdepth calibrate`); a model
of transformers that says metres itself; a teacher, whose metres were learnt; the network that training
started from and was held to; or nothing, which leaves the unit to chance."""
IN_WORDS: dict[Source, str] = {
    "speeds": "from speeds",
    "poses": "from poses",
    "speeds or poses": "from speeds or poses",
    "camera height": "from the camera's height above the road",
    "measured": "by what was measured in a picture",
    "model": "as the model says them, which does not tell for what camera",
    "teacher": "those of its teacher",
    "start": "those of the network that training started from",
    "none": "of unknown scale",
}


class Metres(Config):
    """Where the metres come from, and with what spread."""

    source: Source
    """What made depth metric."""
    taught_by: Source | None = None
    """Where a ``teacher``'s own come from; null if that is not recorded."""
    scale: Annotated[float, within(1e-6, 1e6, "near 1")] = 1.0
    """Metres per unit of depth in training. The ``min_depth`` and ``max_depth`` of the card's network are
    multiplied by it already, so whoever opens the network gets metres."""
    one_lens: bool = False
    """Whether they are those of one lens that nobody knew when it was ``measured``: no camera rescales them.
    """
    spread: float | None = None
    """Interquartile range over median of the metres per unit of depth that the road says frame by frame, by
    the camera's given height above it, or because that stays the same through a clip; null if unknown."""
    error: float | None = None
    """Standard error over clips of ``scale``, over ``scale``; null unless it is by heights of several."""
    frames: int = 0
    """In which the road was found; ``spread`` is over these."""

    def handed_on(self) -> Self:
        """Those of a student of the network that has these."""
        if self.source in ("teacher", "none"):
            return self
        return self.model_copy(update={"source": "teacher", "taught_by": self.source, "one_lens": False})

    def measured(self, factor: float, one_lens: bool) -> Self:
        """Those of the same network after its depth was multiplied by a ``factor`` that somebody measured."""
        return type(self)(source="measured", scale=self.scale * factor, one_lens=one_lens)

    def describe(self) -> str:
        """What a sentence says after "metres are"."""
        said = IN_WORDS[self.source]
        if self.taught_by:
            said += f", {IN_WORDS[self.taught_by]}"
        if self.spread is not None:
            said += f" (quartiles {100 * self.spread:.1f} % apart over {self.frames} frames)"
        return said


def in_metres(network: DepthNetConfig, scale: float) -> DepthNetConfig:
    """The network whose depth is ``scale`` times that of the other with the same weights."""
    ends = {"min_depth": scale * network.min_depth, "max_depth": scale * network.max_depth}
    return network.model_copy(update=ends)

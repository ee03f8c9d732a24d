"""What a visitor has measured on the page, and for how long it holds."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from acdepth.inference.calibration import MeasuredPoint


class Asked(NamedTuple):
    """What a visitor asked for."""

    picture: str
    """Path."""
    model: str
    degrees: float | None
    """That the picture sees across, as the visitor says."""


@dataclass(frozen=True)
class Measured:
    """Distances in one picture, and the factors of depth that came of them."""

    asked: Asked | None = None
    """That the points belong to."""
    points: tuple[MeasuredPoint, ...] = ()
    clicked: tuple[int, int] | None = None
    """Column and row that wait for their metres."""
    factors: dict[tuple[str, float | None], float] = field(default_factory=dict, hash=False)
    """By model and degrees: another picture by the same lens has the same factor."""

    def of(self, asked: Asked) -> "Measured":
        """What of it holds there: points of just this, and all factors."""
        return self if asked == self.asked else Measured(asked, factors=self.factors)

    def factor(self, asked: Asked) -> float | None:
        """By which depth is multiplied there, if that was measured."""
        return self.factors.get((asked.model, asked.degrees))

    def click(self, x: int, y: int) -> "Measured":
        """A point whose metres are still to be said."""
        return replace(self, clicked=(x, y))

    def add(self, point: MeasuredPoint) -> "Measured":
        """One point more."""
        return replace(self, points=(*self.points, point), clicked=None)

    def calibrate(self, asked: Asked, factor: float) -> "Measured":
        """The factor that the points gave."""
        return replace(self, factors={**self.factors, (asked.model, asked.degrees): factor})

    def forget(self, asked: Asked) -> "Measured":
        """Begin again there."""
        lens = (asked.model, asked.degrees)
        return Measured(asked, factors={key: factor for key, factor in self.factors.items() if key != lens})

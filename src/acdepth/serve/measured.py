"""What a visitor has measured on the page, and for how long it holds."""

from dataclasses import dataclass, field, replace

from acdepth.inference.calibration import MeasuredPoint


@dataclass(frozen=True)
class Measured:
    """Distances in one picture, and the factors of depth that came of them."""

    picture: str | None = None
    model: str | None = None
    degrees: float | None = None
    """That the picture sees across, as the visitor says."""
    points: tuple[MeasuredPoint, ...] = ()
    clicked: tuple[int, int] | None = None
    """Column and row that wait for their metres."""
    factors: dict[str, float] = field(default_factory=dict)
    """By model."""

    def of(self, picture: str, model: str, degrees: float | None) -> "Measured":
        """What of it holds there: points of this picture and model, factors of this lens."""
        same = (picture, model) == (self.picture, self.model)
        return Measured(
            picture,
            model,
            degrees,
            self.points if same else (),
            self.clicked if same else None,
            self.factors if degrees == self.degrees else {},
        )

    def click(self, x: int, y: int) -> "Measured":
        """A point whose metres are still to be said."""
        return replace(self, clicked=(x, y))

    def add(self, point: MeasuredPoint) -> "Measured":
        """One point more."""
        return replace(self, points=(*self.points, point), clicked=None)

    def calibrate(self, model: str, factor: float) -> "Measured":
        """The factor that the points gave."""
        return replace(self, factors={**self.factors, model: factor})

    def forget(self, model: str) -> "Measured":
        """Begin again with one model."""
        factors = {name: factor for name, factor in self.factors.items() if name != model}
        return replace(self, points=(), clicked=None, factors=factors)

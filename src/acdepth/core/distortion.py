"""How a lens bends straight lines: the models of OpenCV, in float64."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Self

import numpy as np

from acdepth.core.errors import UserError

Model = Literal["brown", "fisheye"]
COEFFICIENTS: dict[str, tuple[str, ...]] = {
    "brown": ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6"),
    "fisheye": ("k1", "k2", "k3", "k4"),
}
"""Of each model, in OpenCV's order: Brown and Conrady's with its rational form, and Kannala and Brandt's."""
KEYS = ("model", *dict.fromkeys(name for names in COEFFICIENTS.values() for name in names))
"""What files may say of a distortion."""
_ANGLES = np.radians(np.linspace(0, 89.5, 8951))
"""From the optical axis, where the radial part is looked up [rad]."""
MOST_COEFFICIENT = 1e4
"""Rational models reach hundreds where numerator and denominator cancel."""
_NEWTON_STEPS = 12
_EXACT = 1e-9
"""How near an inverse must come, in focal lengths; a thousandth of a pixel is 1e-6 at most."""


@dataclass(frozen=True)
class Distortion:
    """From the ray (x, y, 1) to where it meets the picture, in focal lengths from the principal point.

    The default bends nothing. Coefficients left out at the end are 0.

    Raises:
        UserError: if there are too many coefficients, or one is not finite.
    """

    model: Model = "brown"
    coefficients: tuple[float, ...] = ()
    """In the order of `COEFFICIENTS`; always all of them."""

    def __post_init__(self) -> None:
        names = COEFFICIENTS[self.model]
        given = tuple(float(value) for value in self.coefficients)
        if len(given) > len(names):
            what = f"{len(given)} coefficients of the {self.model} model, which has {len(names)}"
            raise UserError("lens", what, f"they are {', '.join(names)}")
        if not (np.abs(given) <= MOST_COEFFICIENT).all():
            what = f"coefficients {given}, expected finite numbers up to {MOST_COEFFICIENT:g}"
            raise UserError("lens", what, "usual are -1 to 1")
        object.__setattr__(self, "coefficients", given + (0.0,) * (len(names) - len(given)))

    @classmethod
    def from_dict(cls, values: dict[str, Any], where: str = "lens") -> Self:
        """From the `KEYS` among some values; ``where`` names their source in error messages.

        Raises:
            UserError: if the model is unknown, lacks one of the coefficients, or one is no number.
        """
        model = values.get("model", "brown")
        if model not in COEFFICIENTS:
            raise UserError(where, f"model = {model!r}", f"choose from {', '.join(COEFFICIENTS)}")
        names = COEFFICIENTS[model]
        for name in KEYS[1:]:
            value = values.get(name, 0.0)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise UserError(where, f"{name} = {value!r}, expected a number")
            if value and name not in names:
                raise UserError(where, f"the {model} model has no {name}", f"it has {', '.join(names)}")
        try:
            return cls(model, tuple(values.get(name, 0.0) for name in names))
        except UserError as error:
            raise UserError(where, error.what, error.remedy) from error

    def to_dict(self) -> dict[str, Any]:
        """Plain values for YAML; coefficients that are 0 are left out, and so is the usual model."""
        model = {} if self.model == "brown" else {"model": self.model}
        named = zip(COEFFICIENTS[self.model], self.coefficients, strict=True)
        return {**model, **{name: value for name, value in named if value}}

    def __str__(self) -> str:
        said = ", ".join(f"{key} {value:.4g}" for key, value in self.to_dict().items() if key != "model")
        return " ".join(part for part in ("fisheye" * (self.model == "fisheye"), said) if part)

    @property
    def is_none(self) -> bool:
        """Whether straight lines stay straight; a fisheye bends them with all coefficients 0."""
        return self.model == "brown" and not any(self.coefficients)

    @property
    def fold(self) -> float:
        """Largest distance from the axis, as x / z, up to which farther rays meet the picture farther out."""
        return float(_radii(self)[0][-1])

    def distort(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the rays (x, y, 1) meet the picture, in focal lengths; arrays of one shape."""
        return self._bend(x, y)[0]

    def magnification(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """How much larger areas become at the rays (x, y, 1); negative where the picture is folded."""
        _, (a, b, d) = self._bend(x, y)
        return a * d - b * b

    def undistort(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The rays (x, y, 1) that meet the picture at a place, in focal lengths; NaN where there is none.

        Rays at more than 89.5 degrees from the axis, or beyond the `fold`, count as none.
        """
        wanted_x, wanted_y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        straight, bent = _radii(self)
        radius = np.hypot(wanted_x, wanted_y)
        start = np.interp(radius, bent, straight, right=np.nan) / np.maximum(radius, 1e-12)
        x, y = wanted_x * start, wanted_y * start
        with np.errstate(all="ignore"):
            for _ in range(_NEWTON_STEPS):
                (there_x, there_y), (a, b, d) = self._bend(x, y)
                off_x, off_y = there_x - wanted_x, there_y - wanted_y
                area = a * d - b * b
                x, y = x - (d * off_x - b * off_y) / area, y - (a * off_y - b * off_x) / area
            there_x, there_y = self.distort(x, y)
            good = np.hypot(there_x - wanted_x, there_y - wanted_y) < _EXACT
        return np.where(good, x, np.nan), np.where(good, y, np.nan)

    def _bend(
        self, x: np.ndarray, y: np.ndarray
    ) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Places of rays, and their symmetric Jacobian: dx/dx, dx/dy = dy/dx, dy/dy."""
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        radius = np.maximum(np.hypot(x, y), 1e-9)
        bent, slope = self._radial(radius)
        scale = bent / radius
        growth = (slope - scale) / radius**2
        p1, p2 = self.coefficients[2:4] if self.model == "brown" else (0.0, 0.0)
        place_x = x * scale + 2 * p1 * x * y + p2 * (radius**2 + 2 * x * x)
        place_y = y * scale + p1 * (radius**2 + 2 * y * y) + 2 * p2 * x * y
        a = scale + growth * x * x + 2 * p1 * y + 6 * p2 * x
        b = growth * x * y + 2 * p1 * x + 2 * p2 * y
        d = scale + growth * y * y + 6 * p1 * y + 2 * p2 * x
        return (place_x, place_y), (a, b, d)

    def _radial(self, radius: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Distance from the axis in the picture of rays at a distance, and its derivative."""
        if self.model == "fisheye":
            angle = np.arctan(radius)
            powers = [angle ** (2 * n) for n in range(5)]
            series = (1.0, *self.coefficients)
            bent = angle * sum(k * power for k, power in zip(series, powers, strict=True))
            slope = sum((2 * n + 1) * k * powers[n] for n, k in enumerate(series))
            return bent, slope / (1 + radius**2)
        k1, k2, _, _, k3, k4, k5, k6 = self.coefficients
        square, cubics = radius**2, ((k1, k2, k3), (k4, k5, k6))
        above, below = (1 + square * (a + square * (b + square * c)) for a, b, c in cubics)
        rise, fall = (a + square * (2 * b + 3 * square * c) for a, b, c in cubics)
        scale = above / below
        return radius * scale, scale + 2 * square * (rise - scale * fall) / below


@lru_cache(maxsize=16)
def _radii(distortion: Distortion) -> tuple[np.ndarray, np.ndarray]:
    """Distances from the axis of rays and of their places, both rising: up to where the picture folds."""
    straight = np.tan(_ANGLES)
    with np.errstate(all="ignore"):
        bent, slope = distortion._radial(straight)
    rises = (slope > 0) & (np.diff(bent, prepend=-1.0) > 0)
    end = len(rises) if rises.all() else int(np.argmin(rises))
    return straight[:end], bent[:end]


STRAIGHT = Distortion()
"""Bends nothing."""

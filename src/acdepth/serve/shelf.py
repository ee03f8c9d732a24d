"""What the page has predicted lately, in memory, for its downloads: no file of a visitor is kept."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np

from acdepth.core.cloud import Cloud, PointChoice
from acdepth.core.prediction import DepthPrediction
from acdepth.serve.measured import Asked

MOST_BYTES = 1 << 29
"""Of all results together; the oldest go."""
MOST_POINTS = 120_000
"""Of a point cloud in a file."""

FARTHEST_POINT = 60.0
"""[m]"""


@dataclass(frozen=True)
class Result:
    """An image and its depth."""

    image: np.ndarray
    prediction: DepthPrediction
    asked: Asked
    scale: str
    """What its metres mean, in words."""
    factor: float | None = None
    """By which its depth is multiplied, if that was calibrated."""

    @property
    def raw(self) -> np.ndarray:
        """Depth as the network says it, (H, W)."""
        return self.prediction.depth / (self.factor or 1.0)

    @property
    def size(self) -> int:
        """Bytes that it takes in memory."""
        sure = self.prediction.confidence
        return self.image.nbytes + self.prediction.depth.nbytes + (0 if sure is None else sure.nbytes)

    def times(self, factor: float) -> "Result":
        """The same with its depth multiplied."""
        depth = self.prediction.depth * np.float32(factor)
        prediction = replace(self.prediction, depth=depth, metric=True)
        return replace(self, prediction=prediction, factor=factor)

    def cloud(self, most: int = MOST_POINTS) -> Cloud:
        """Points up to `FARTHEST_POINT`, at most so many.

        Raises:
            UserError: if the camera is not known.
        """
        # The sky would be a wall behind which the street is a speck.
        farthest = FARTHEST_POINT if self.prediction.metric else None
        return self.prediction.cloud(self.image, PointChoice(farthest)).thinned(most)

    def glb(self) -> bytes:
        """Its `cloud` as a file."""
        return self.cloud().glb()


class Shelf:
    """Results by random names; may be used from many threads."""

    def __init__(self, most: int, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._lock = threading.Lock()
        self._results: OrderedDict[str, Result] = OrderedDict()

    def put(self, result: Result) -> str:
        """Keep a result; returns its name."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._results[name] = result
            while len(self._results) > self._most or (
                len(self._results) > 1 and self._bytes() > self._most_bytes
            ):
                self._results.popitem(last=False)
        return name

    def get(self, name: str | None) -> Result | None:
        """The result of a name, if it is still there."""
        with self._lock:
            return self._results.get(name or "")

    def _bytes(self) -> int:
        return sum(result.size for result in self._results.values())

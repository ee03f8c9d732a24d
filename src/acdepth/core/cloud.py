"""Coloured points of one picture, and the files that they become."""

from dataclasses import dataclass

import numpy as np

from acdepth.core.glb import points_glb


@dataclass(frozen=True)
class PointChoice:
    """Which pixels of a picture become points."""

    farthest: float | None = None
    """Depth beyond which there are none [m]: the sky, and what is hardly known; None keeps all."""
    least_confidence: float = 0.0
    """In 0..1; less sure ones are left out."""


@dataclass(frozen=True)
class Cloud:
    """Points as one camera sees them."""

    points: np.ndarray
    """(N, 3) float32 [m]: x right, y down, z forward."""
    colours: np.ndarray
    """(N, 3) uint8 RGB."""
    spread: float
    """Over its depth, how wide the part of the picture is that a point stands for."""

    def thinned(self, most: int) -> "Cloud":
        """At most so many of them, evenly spread."""
        if len(self.points) <= most:
            return self
        # By a fixed draw, as a step would leave columns out.
        kept = np.random.default_rng(0).permutation(len(self.points))[:most]
        spread = self.spread * (len(self.points) / most) ** 0.5
        return Cloud(self.points[kept], self.colours[kept], spread)

    def ply(self) -> bytes:
        """As a binary PLY file."""
        colours = ("red", "green", "blue")
        fields = [(axis, "<f4") for axis in "xyz"] + [(colour, "u1") for colour in colours]
        record = np.empty(len(self.points), dtype=fields)
        for names, values in (("xyz", self.points), (colours, self.colours)):
            for name, column in zip(names, values.T, strict=True):
                record[name] = column
        header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(record)}"]
        header += [f"property {'float' if kind == '<f4' else 'uchar'} {name}" for name, kind in fields]
        return "\n".join([*header, "end_header", ""]).encode() + record.tobytes()

    def glb(self) -> bytes:
        """As a binary glTF file."""
        return points_glb(self.points, self.colours)

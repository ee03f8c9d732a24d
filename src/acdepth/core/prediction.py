"""What a depth network says about one image, and the files it can become."""

import io
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.cloud import Cloud, PointChoice
from acdepth.core.encoding import encode
from acdepth.core.errors import UserError
from acdepth.core.exr import depth_exr
from acdepth.core.files import atomic_path
from acdepth.core.png_text import with_png_text

PNG16_UNITS_PER_METRE = 256
"""KITTI's depth files: uint16 = metres * 256, 0 where there is none."""
ALL_POINTS = PointChoice()
"""Sky and guesswork too."""
NO_METRES = "depth without scale, values per unit"
"""Keyword of the text in a PNG whose depth has no metres; the text is the number it was multiplied by."""


def colour_inverse_depth(inverse_depth: np.ndarray, nearest: float | None = None) -> np.ndarray:
    """Colour inverse depth (H, W) [1/m] with the magma map, uint8 (H, W, 3) RGB.

    Black is infinitely far; the brightest colour is ``nearest`` [1/m], by default the image's
    `nearest_shown`. Give the same ``nearest`` to pictures that stand side by side. Where inverse depth is not
    finite or is 0 (no measurement) the pixel is black.
    """
    if nearest is None:
        nearest = nearest_shown(inverse_depth)
    known = _known(inverse_depth)
    scaled = np.clip((inverse_depth if known.all() else np.where(known, inverse_depth, 0)) / nearest, 0, 1)
    coloured = cv2.applyColorMap((scaled * 255).astype(np.uint8), cv2.COLORMAP_MAGMA)
    return cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB)


def nearest_shown(inverse_depth: np.ndarray) -> float:
    """95 % quantile of inverse depth (H, W) [1/m] where there is some, as in monodepth2's pictures; 1 where
    there is none."""
    known = _known(inverse_depth)
    values = inverse_depth if known.all() else inverse_depth[known]
    return float(np.quantile(values, 0.95)) if values.size else 1.0


def _known(inverse_depth: np.ndarray) -> np.ndarray:
    return np.isfinite(inverse_depth) & (inverse_depth > 0)


@dataclass(frozen=True)
class DepthPrediction:
    """Depth of every pixel of one image."""

    depth: np.ndarray
    """(H, W) float32 [m] along the optical axis."""
    confidence: np.ndarray | None
    """(H, W) float32 in 0..1: exp(-e), where e is how far the logarithm of depth may be off; None where it
    was not asked for."""
    camera: Camera | None
    """Intrinsics of the image; None if nobody gave any."""
    metric: bool
    """Whether the metres are metres: the network learnt with true lengths, or with the camera's height."""

    @property
    def inverse_depth(self) -> np.ndarray:
        """(H, W) float32 [1/m]."""
        return 1.0 / self.depth

    def colour(self) -> np.ndarray:
        """Inverse depth as colours, uint8 (H, W, 3) RGB: near is bright, far is dark."""
        return colour_inverse_depth(self.inverse_depth)

    def save_png16(self, path: Path) -> None:
        """Write `png16`."""
        _write(path, self.png16())

    def png16_factor(self) -> float:
        """By which depth is multiplied in 16-bit files; see `png16`."""
        if self.metric:
            return float(PNG16_UNITS_PER_METRE)
        return 2.0 ** math.floor(math.log2(65535 / float(self.depth.max())))

    def png16(self) -> bytes:
        """Depth as a file: 16-bit PNG (metres * 256, at most 255.99 m), as KITTI does.

        Depth without metres is multiplied by the largest power of two that fits, which the file says in a
        text named `NO_METRES`: its numbers may be so small that metres * 256 would leave a few levels.
        """
        factor = self.png16_factor()
        notes = {} if self.metric else {NO_METRES: f"{factor:.17g}"}
        content = encode(".png", np.clip(np.rint(self.depth * factor), 1, 65535).astype(np.uint16))
        for keyword, text in notes.items():
            content = with_png_text(content, keyword, text)
        return content

    def save_colour(self, path: Path) -> None:
        """Write `colour` as a PNG or JPEG."""
        _write_image(path, self.colour())

    def save_npy(self, path: Path) -> None:
        """Write `npy`."""
        _write(path, self.npy())

    def npy(self) -> bytes:
        """Depth [m] as a file: a float32 NumPy array."""
        return _npy(self.depth)

    def save_confidence_png(self, path: Path) -> None:
        """Write confidence as an 8-bit gray PNG: white is 1, black is 0."""
        _write_image(path, np.clip(np.rint(self._known_confidence() * 255), 0, 255).astype(np.uint8))

    def exr(self) -> bytes:
        """Depth [m] as a file: OpenEXR with one channel, ``Z``, float32."""
        return depth_exr(self.depth)

    def save_confidence_npy(self, path: Path) -> None:
        """Write confidence as a float32 NumPy array."""
        _write(path, _npy(self._known_confidence()))

    def _known_confidence(self) -> np.ndarray:
        if self.confidence is None:
            raise ValueError("confidence was not asked for; predict with confidence=True")
        return self.confidence

    def points(self) -> np.ndarray:
        """(H * W, 3) float32 [m]: x right, y down, z forward.

        Raises:
            UserError: if the camera is not known.
        """
        if self.camera is None:
            remedy = "give its intrinsics (camera.yaml: fx, fy, cx, cy, width, height)"
            raise UserError(None, f"points need the camera: {remedy}")
        height, width = self.depth.shape
        camera = self.camera.resized(height, width)
        v, u = np.mgrid[0:height, 0:width].astype(np.float32)
        x, y = (u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy
        rays = np.stack([x, y, np.ones_like(x)], -1)
        return (rays * self.depth[..., None]).reshape(-1, 3).astype(np.float32)

    def chosen(self, choice: PointChoice) -> np.ndarray:
        """bool (H, W): which pixels become points.

        Raises:
            UserError: if that depends on confidence, and there is none.
        """
        kept = np.ones(self.depth.shape, bool)
        if choice.farthest is not None:
            kept &= self.depth <= choice.farthest
        if choice.least_confidence > 0:
            if self.confidence is None:
                raise UserError(None, "points are chosen by confidence, and there is none", "ask for it too")
            kept &= self.confidence >= choice.least_confidence
        return kept

    def cloud(self, image: np.ndarray, choice: PointChoice = ALL_POINTS) -> Cloud:
        """Points coloured by ``image``, uint8 (H, W, 3) RGB.

        Raises:
            UserError: if the camera is not known, or what `chosen` refuses.
        """
        points, kept = self.points(), self.chosen(choice).ravel()
        assert self.camera is not None
        spread = self.camera.width / self.depth.shape[1] / self.camera.fx
        return Cloud(points[kept], image.reshape(-1, 3)[kept], spread)

    def save_ply(self, path: Path, image: np.ndarray) -> None:
        """Write a binary PLY point cloud [m] coloured by ``image``, uint8 (H, W, 3) RGB."""
        _write(path, self.cloud(image).ply())


def _npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values.astype(np.float32))
    return stream.getvalue()


def _write_image(path: Path, pixels: np.ndarray) -> None:
    _write(path, encode(Path(path).suffix, pixels, where=path))


def _write(path: Path, content: bytes) -> None:
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)

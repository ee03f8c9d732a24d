"""Drives whose motion in the image is known: a texture that slides by."""

from pathlib import Path

import cv2
import numpy as np

from acdepth.core.camera import Camera

HEIGHT, WIDTH = 90, 160


def texture(width: int, seed: int = 0) -> np.ndarray:
    """Gray blobs, float32 (HEIGHT, width)."""
    noise = np.random.default_rng(seed).random((HEIGHT, width)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.clip(128 + 900 * (blurred - blurred.mean()), 0, 255)


def sliding(positions: np.ndarray, seed: int = 0) -> list[np.ndarray]:
    """The texture seen from some places [px], uint8 (HEIGHT, WIDTH, 3)."""
    wide = texture(WIDTH + int(np.ceil(positions.max())) + 2, seed)
    frames = []
    for place in positions:
        shift = np.array([[1, 0, -place], [0, 1, 0]], np.float32)
        seen = cv2.warpAffine(wide, shift, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
        frames.append(np.repeat(np.clip(seen, 0, 255).astype(np.uint8)[..., None], 3, 2))
    return frames


def write_images(folder: Path, frames: list[np.ndarray], frame_rate: float | None = 30.0) -> Path:
    """A sequence folder without speeds."""
    (folder / "images").mkdir(parents=True)
    for number, frame in enumerate(frames):
        cv2.imwrite(str(folder / "images" / f"{number:06d}.png"), frame[..., ::-1])
    height, width = frames[0].shape[:2]
    Camera.central(100.0, height, width).write(folder / "camera.yaml", frame_rate)
    return folder

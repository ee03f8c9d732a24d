"""The world as Cityscapes: annotated images with video, disparity and speeds, and fog drives as their fog."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from acdepth.core.condition import Condition
from acdepth.core.encoding import encode
from acdepth.core.files import write_bytes, write_json, write_text
from acdepth.data.cityscapes.measured import STEPS_PER_PIXEL
from acdepth.recipes.layouts.drives import WorldDrive, with_clear_twin

ANNOTATED, SNIPPET = 19, 30
"""Of each thirty images of a video the one of this number is annotated."""
INTERVAL = 1_000_000_000 / 12
"""[ns] between images of the world."""
BETA = "0.02"
"""[1/m], in names: Foggy Cityscapes' densest. The world's own fog is denser, 0.024 to 0.056 by the town."""
BASELINE_TIMES_FOCAL = 473.0
"""[m * px]: of Cityscapes' cameras, so that disparity has steps as fine as theirs."""
LARGEST_DISPARITY = 255.0
"""[px]: 16 bits end just above. Where something is nearer, the baseline is shorter."""


@dataclass(frozen=True)
class _Files:
    """Of one moment."""

    out: Path
    split: str
    city: str
    index: int

    def path(self, folder: str, kind: str) -> Path:
        name = f"{self.city}_000000_{self.index:06d}_{kind}"
        return self.out / folder / self.split / self.city / name


def write_cityscapes(
    drives: list[WorldDrive], out: Path, evaluation: frozenset[int], progress: Callable[[], object]
) -> None:
    """Write clear drives as sequences of the split train, those of evaluation towns of val.

    Fog drives become the fog of the annotated images; they are left out where the town has no clear drive.
    """
    for drive, _ in with_clear_twin(drives):
        split = "val" if drive.town in evaluation else "train"
        files = [
            _Files(out, split, f"{drive.style}{drive.town:04d}", index) for index in range(len(drive.images))
        ]
        annotated = _annotated(len(files))
        if drive.condition is Condition.CLEAR:
            baseline = _baseline(drive)
            for index in annotated:
                _write_annotated(drive, index, baseline, files[index])
        for index, image in enumerate(drive.images):
            if drive.condition is Condition.CLEAR:
                _write_video(drive, index, files[index])
            elif index in annotated:
                fog = files[index].path("leftImg8bit_foggy", f"leftImg8bit_foggy_beta_{BETA}.png")
                write_bytes(fog, image.read_bytes())
            progress()


def _annotated(count: int) -> frozenset[int]:
    """Which of ``count`` images are; of fewer than twenty the one at the same part of them."""
    return frozenset(range(ANNOTATED, count, SNIPPET)) or frozenset({ANNOTATED * count // SNIPPET})


def _baseline(drive: WorldDrive) -> float:
    """[m]"""
    nearest = min(float(depth[depth > 0].min()) for depth in map(drive.depth, range(len(drive.images))))
    return min(BASELINE_TIMES_FOCAL, LARGEST_DISPARITY * nearest) / drive.camera.fx


def _write_video(drive: WorldDrive, index: int, files: _Files) -> None:
    write_bytes(files.path("leftImg8bit_sequence", "leftImg8bit.png"), drive.images[index].read_bytes())
    write_json(files.path("vehicle_sequence", "vehicle.json"), {"speed": float(drive.speeds[index])})
    time = f"{round(index * INTERVAL)}\n"
    write_text(files.path("timestamp_sequence", "timestamp.txt"), time)


def _write_annotated(drive: WorldDrive, index: int, baseline: float, files: _Files) -> None:
    write_bytes(files.path("leftImg8bit", "leftImg8bit.png"), drive.images[index].read_bytes())
    camera = drive.camera
    intrinsic = {"fx": camera.fx, "fy": camera.fy, "u0": camera.cx, "v0": camera.cy}
    calibration = {"extrinsic": {"baseline": baseline}, "intrinsic": intrinsic}
    write_json(files.path("camera", "camera.json"), calibration)
    depth = drive.depth(index).astype(np.float64)
    steps = np.zeros(depth.shape, np.uint16)
    known = depth > 0
    steps[known] = np.rint(baseline * camera.fx / depth[known] * STEPS_PER_PIXEL) + 1
    write_bytes(files.path("disparity", "disparity.png"), encode(".png", steps))

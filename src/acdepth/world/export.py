"""Towns as sequence folders on disk, whole or not there."""

import csv
import io
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from acdepth.core.clip import WORLD_SOURCE
from acdepth.core.condition import Condition
from acdepth.core.distortion import STRAIGHT, Distortion
from acdepth.core.encoding import encode
from acdepth.core.errors import UserError
from acdepth.core.files import atomic_folder, write_text
from acdepth.core.lens import Lens
from acdepth.core.texts import parse_yaml, read_text
from acdepth.core.workers import worker_pool
from acdepth.world.cameras import draw_rig
from acdepth.world.car import USUAL, Rig
from acdepth.world.render import RenderedFrame, prepare
from acdepth.world.styles import TOWN
from acdepth.world.surface import CLASS_NAMES
from acdepth.world.trajectory import FRAME_RATE

VERSION = 2  # raise it when the same seed gives other pictures
DEPTH_SCALE = 256.0  # units per metre in depth files


@dataclass(frozen=True)
class DriveSettings:
    """What decides the bytes of a town's sequences, besides the town and the condition."""

    frames: int
    image_size: tuple[int, int]  # height, width
    rig: Rig | None = USUAL
    """None draws another camera for each town."""
    style: str = TOWN.name
    distortion: Distortion = STRAIGHT
    every: int = 1
    """One of so many frames of the drive is rendered."""

    def rig_of(self, town: int) -> Rig:
        """The camera of a town."""
        return draw_rig(town, self.style) if self.rig is None else self.rig


def sequence_folder(out: Path, town: int, condition: Condition) -> Path:
    """Where the sequence of a town and a condition lies."""
    return out / f"town_{town:04d}" / condition.value


def describe(town: int, condition: Condition, settings: DriveSettings) -> dict[str, Any]:
    """Content of ``sequence.yaml``; what is usual of camera, lens and style is not mentioned."""
    rig = settings.rig_of(town)
    camera = {} if rig == USUAL else {"rig": rig.to_dict()}
    lens = {} if settings.distortion.is_none else {"lens": settings.distortion.to_dict()}
    style = {} if settings.style == TOWN.name else {"style": settings.style}
    every = {} if settings.every == 1 else {"every": settings.every}
    return {
        "condition": condition.value,
        "source": WORLD_SOURCE,
        **style,
        "town": town,
        "version": VERSION,
        "frames": settings.frames,
        **every,
        "image_size": list(settings.image_size),
        **camera,
        **lens,
        "depth": "uint16, 1/256 m along the optical axis at the pixel's centre, 0 = none",
        "motion": "speed [m/s], camera to world 4x4 (x right, y down, z forward) [m]",
        "classes": dict(enumerate(CLASS_NAMES)),
    }


def missing_conditions(
    out: Path, town: int, conditions: Sequence[Condition], settings: DriveSettings
) -> list[Condition]:
    """The conditions of a town that are still to be made; a sequence made with other settings is refused."""
    missing = []
    for condition in conditions:
        folder = sequence_folder(out, town, condition)
        if not folder.exists():
            missing.append(condition)
            continue
        try:
            found = parse_yaml(read_text(folder / "sequence.yaml"))
        except (OSError, ValueError, UserError):
            found = None
        if found != describe(town, condition, settings):
            what = "holds a sequence made with other settings or by another version"
            raise UserError(folder, what, "choose another folder or remove this one")
    return missing


def write_town(
    out: Path,
    town: int,
    conditions: Sequence[Condition],
    settings: DriveSettings,
    device: str,
    on_frame: Callable[[], None] = lambda: None,
) -> None:
    """Render a town's drive once and write its sequences for all given conditions.

    Each sequence is whole or not there.
    """
    which = settings.rig_of(town), settings.style, settings.distortion
    length = (settings.frames - 1) * settings.every + 1
    drive = prepare(town, length, settings.image_size, device, *which)
    with ExitStack() as stack:
        fresh = {
            condition: stack.enter_context(atomic_folder(sequence_folder(out, town, condition)))
            for condition in conditions
        }
        for folder, kind in product(fresh.values(), ("images", "depth", "classes")):
            (folder / kind).mkdir()
        motion = []
        for index in range(settings.frames):
            frame = drive.frame(index * settings.every, conditions)
            motion.append([index, f"{frame.speed:.6f}", *(f"{v:.9g}" for v in frame.pose.flatten().tolist())])
            for condition, folder in fresh.items():
                _write_frame(folder, index, frame, condition)
            on_frame()
        for condition, folder in fresh.items():
            lens = Lens(drive.camera, drive.distortion)
            rate = FRAME_RATE / settings.every
            _write_facts(folder, lens, rate, motion, describe(town, condition, settings))


def _write_frame(folder: Path, index: int, frame: RenderedFrame, condition: Condition) -> None:
    name = f"{index:06d}.png"
    depth = (frame.depth * DEPTH_SCALE).round().clamp(0, 65535).numpy().astype(np.uint16)
    _write_png(folder / "images" / name, frame.images[condition].numpy())
    _write_png(folder / "depth" / name, depth)
    _write_png(folder / "classes" / name, frame.classes.numpy())


def _write_png(path: Path, pixels: np.ndarray) -> None:
    path.write_bytes(encode(".png", pixels, (cv2.IMWRITE_PNG_COMPRESSION, 1), path))


def _write_facts(
    folder: Path, lens: Lens, rate: float, motion: list[list], description: dict[str, Any]
) -> None:
    lens.write(folder / "camera.yaml", frame_rate=rate)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["index", "speed", *(f"T_{row}{column}" for row in range(4) for column in range(4))])
    table.writerows(motion)
    write_text(folder / "motion.csv", text.getvalue())
    write_text(folder / "sequence.yaml", yaml.safe_dump(description, sort_keys=False))


def write_towns(
    out: Path,
    towns: Sequence[int],
    conditions: Sequence[Condition],
    settings: DriveSettings,
    device: str,
    workers: int = 1,
    on_frames: Callable[[int], None] = lambda count: None,
) -> None:
    """Write many towns, each by one of the ``workers``; complete sequences are left as they are.

    ``on_frames`` is told how many frames are done since it was last told.
    """
    work = {town: missing_conditions(out, town, conditions, settings) for town in towns}
    on_frames(settings.frames * sum(not missing for missing in work.values()))
    jobs = {town: missing for town, missing in work.items() if missing}
    if workers == 1:
        for town, missing in jobs.items():
            write_town(out, town, missing, settings, device, lambda: on_frames(1))
        return
    with worker_pool(workers) as pool:
        running = [pool.submit(write_town, out, town, left, settings, device) for town, left in jobs.items()]
        for done in as_completed(running):
            done.result()
            on_frames(settings.frames)

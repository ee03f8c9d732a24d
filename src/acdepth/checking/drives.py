"""What training will make of a drive of one's own: its step, lens, mask, metres and light."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from acdepth.checking.findings import Findings
from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import telling
from acdepth.core.progress import progress
from acdepth.core.spread import spread
from acdepth.data.own.clip import OwnClip
from acdepth.data.own.ego_mask import EgoMask, find_ego_mask
from acdepth.data.own.step import StepChoice, choose_step, drives, every

LIT_AT = 60
"""Images of a drive whose light is measured, each with the next one, evenly spread."""
BLACK, WHITE = 5, 250
"""Gray values up to which, and from which on, a pixel counts as clipped."""
MOST_MASKED = 0.5
"""Part of the image that a mask is expected to leave out at most."""
TOO_DARK, MOST_WHITE, MOST_FLICKER = 40.0, 0.15, 0.04
"""Doubted are a clear drive whose images are darker in the median [gray value], one with a larger part of its
pixels white, and one whose brightness jumps by a larger part from an image to the next."""


@dataclass(frozen=True)
class Light:
    """How bright some images are, in order."""

    numbers: list[int]
    """Of the images in their source."""
    brightness: list[float]
    """Mean gray value of each."""
    black: float
    white: float
    """Parts of the pixels that are clipped, the medians."""
    flicker: float | None
    """Median change of brightness to the next image, as a part of it; None where no image has a next one."""


@dataclass(frozen=True, eq=False)
class Drive:
    """A drive, and what is known before it is trained on."""

    clips: list[OwnClip]
    """Its pieces: it is cut where images are missing."""
    step: StepChoice
    found: EgoMask | None
    """What was looked for where no mask is beside the images; None in the built-in world too."""
    light: Light | None
    """None where no image can be read."""

    @property
    def name(self) -> str:
        """That of its first piece."""
        return self.clips[0].name

    @property
    def images(self) -> int:
        """In all pieces."""
        return sum(map(len, self.clips))

    @property
    def used(self) -> list[OwnClip]:
        """The pieces at the step that was chosen."""
        return [clip.every(self.step.step) for clip in self.clips]

    @property
    def times(self) -> np.ndarray | None:
        """(N,) float64 [s]: when the images were taken; None where nobody says."""
        times = [clip.time(index) for clip in self.clips for index in range(len(clip))]
        known = [time for time in times if time is not None]
        return np.array(known) if len(known) == len(times) else None

    @property
    def intervals(self) -> np.ndarray:
        """(M,) float64 [s]: between neighbouring images, gaps left out; empty where no times are known."""
        times = self.times
        if times is None:
            return np.empty(0)
        ends = np.cumsum([len(clip) for clip in self.clips])[:-1]
        return np.delete(np.diff(times), ends - 1)

    def facts(self) -> dict[str, str]:
        """Sentences for a person, by what they are about."""
        return {
            "images": self._images(),
            "step": self._step(),
            "camera": self._camera(),
            "mask": self._mask(),
            "metres": self._metres(),
            "light": self._light(),
        }

    def doubts(self) -> Iterator[tuple[str, str]]:
        """What looks wrong: what it is about, and a phrase."""
        if self.step.doubt:
            yield "step", self.step.doubt
        short = [clip for clip in self.used if len(clip) < 3]
        if len(short) == len(self.clips):
            yield "gaps", f"no three images in a row at {every(self.step.step)}; self-supervision needs them"
        elif short:
            told = f"{len(short)} of its {len(self.clips)} pieces have less than three images at this step"
            yield "gaps", f"{told}, and teach nothing"
        lens = self.clips[0].lens
        if lens and lens.guessed:
            yield "cameras", f"its camera is {lens.source}; calibrate it, depth is off by as much as it is"
        yield from self._mask_doubts()
        yield from self._light_doubts()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for ``check.json``."""
        intervals, lens, mask = self.intervals, self.clips[0].lens, self.clips[0].description.ego_mask
        times, light = self.times, self.light
        gaps = [
            {"after": before.key(len(before) - 1), "before": after.key(0)}
            for before, after in pairwise(self.clips)
        ]
        return {
            "name": self.name,
            "images": self.images,
            "frame_rate": 1 / float(np.median(intervals)) if len(intervals) else None,
            "interval_spread": _spread(intervals) if len(intervals) else None,
            "seconds": float(times[-1] - times[0]) if times is not None and len(times) else None,
            "gaps": gaps,
            "step": self.step.step,
            "step_verdict": self.step.verdict,
            "motion_percent": {str(step): value for step, value in self.step.motion.items()},
            "lost_part": None if math.isnan(self.step.lost) else self.step.lost,
            "camera": lens and lens.source,
            "camera_guessed": lens and lens.guessed,
            "distortion": lens and lens.distortion.to_dict(),
            "corners_move_px": lens and corners_move(self.clips[0]),
            "mask_part": None if mask is None else float(mask.mean()),
            "mask_found_part": _part(self.found),
            "lengths_from": self.clips[0].lengths_from,
            "camera_height": self.clips[0].camera_height,
            "brightness": light and float(np.median(light.brightness)),
            "black_part": light and light.black,
            "white_part": light and light.white,
            "flicker": light and light.flicker,
            "facts": self.facts(),
            "doubts": [text for _, text in self.doubts()],
        }

    def _images(self) -> str:
        told, intervals, times = f"{self.images}", self.intervals, self.times
        if times is not None and len(intervals):
            varies = _spread(intervals)
            rate = f"{1 / np.median(intervals):.4g} a second"
            rate += f" (intervals vary by {100 * varies:.0f} %)" if varies > 0.01 else ""
            told += f" at {rate}, {times[-1] - times[0]:.1f} s"
        elif times is None:
            told += ", nobody says when they were taken"
        gaps = len(self.clips) - 1
        first = f", the first after {self.clips[0].key(len(self.clips[0]) - 1)}" if gaps else ""
        return f"{told}; {gaps or 'no'} gap{'s' * (gaps != 1)}{first}"

    def _step(self) -> str:
        intervals = self.intervals
        rate = f" ({1 / (self.step.step * np.median(intervals)):.3g} a second)" if len(intervals) else ""
        return f"{every(self.step.step)}{rate}: {self.step.told}"

    def _camera(self) -> str:
        clip = self.clips[0]
        lens = clip.lens
        if lens is None or clip.camera is None:
            return "none: put camera.yaml beside it to train on it; without, it serves prediction only"
        view = math.degrees(2 * math.atan(clip.camera.width / 2 / clip.camera.fx))
        told = f"{lens.describe()}; sees {view:.0f} degrees across"
        if lens.guessed:
            told += ", not calibrated"
        if not lens.is_straight:
            told += f" once straightened, which moves the corners by {corners_move(clip):.0f} px"
        return told

    def _mask(self) -> str:
        mask = self.clips[0].description.ego_mask
        if mask is not None:
            return f"in use, leaves out {100 * mask.mean():.1f} % of the image"
        if self.found is None or self.found.mask is None:
            return self.found.told if self.found else "not looked for"
        return f"{self.found.told}, not in use: write it with acdepth data mask"

    def _metres(self) -> str:
        clip = self.clips[0]
        height = f"camera {clip.camera_height:g} m above the road" if clip.camera_height else ""
        if clip.lengths_from:
            return f"from {clip.lengths_from}" + (f"; {height}" if height else "")
        if height:
            return f"from the height of the camera: {height}"
        return "from nowhere: depth will be of unknown scale; give speeds, poses or camera_height"

    def _light(self) -> str:
        light = self.light
        if light is None:
            return "unknown, no image can be read"
        middle, low, high = np.quantile(light.brightness, (0.5, 0, 1))
        told = f"{middle:.0f} of 255 in the mean ({low:.0f} to {high:.0f})"
        told += f"; {100 * light.black:.1f} % of the pixels are black, {100 * light.white:.1f} % white"
        return told if light.flicker is None else f"{told}; flickers by {100 * light.flicker:.1f} %"

    def _mask_doubts(self) -> Iterator[tuple[str, str]]:
        mask, found = self.clips[0].description.ego_mask, self.found
        if mask is not None and mask.mean() > MOST_MASKED:
            told = f"its mask leaves out {100 * mask.mean():.0f} % of the image"
            yield "mask", f"{told}; is it inverted? Black is left out, white counts"
        if found and found.mask is not None:
            yield "mask", f"{found.told} and is not left out; acdepth data mask finds it"
        elif found and not found.is_told:
            told = f"whether the vehicle is in view cannot be told from {found.looked_at} images"
            yield "mask", f"{told}; if it is, paint mask.png; if not, an all white one says so"

    def _light_doubts(self) -> Iterator[tuple[str, str]]:
        if self.light is None:
            return
        middle = float(np.median(self.light.brightness))
        if middle < TOO_DARK and self.clips[0].condition is Condition.CLEAR:
            remedy = "say condition: night in sequence.yaml if it is"
            yield (
                "light",
                f"its images are dark, {middle:.0f} of 255 in the median, and count as clear; {remedy}",
            )
        if self.light.white > MOST_WHITE:
            yield (
                "light",
                f"over-exposed: {100 * self.light.white:.0f} % of the pixels are white in the median",
            )
        if self.light.flicker is not None and self.light.flicker > MOST_FLICKER:
            told = f"brightness jumps by {100 * self.light.flicker:.0f} % from an image to the next"
            yield "light", f"{told}; fix the exposure, neighbours must look alike"


def look_at_drives(clips: Sequence[Clip], findings: Findings) -> list[Drive]:
    """Look at each drive of one's own among some clips; what cannot be read becomes a fault."""
    found = []
    own = drives(clips)
    with progress("drives", len(own), unit="drive") as advance:
        for pieces in own:
            light = _measure_light(pieces, findings)
            told = pieces[0].description
            # The built-in world is seen without a vehicle.
            known = told.ego_mask is not None or told.style is not None
            drive = Drive(pieces, choose_step(pieces), None if known else find_ego_mask(pieces), light)
            for about, doubt in drive.doubts():
                findings.doubt(about, f"{drive.name}: {doubt}")
            found.append(drive)
            advance()
    return found


def corners_move(clip: OwnClip) -> float:
    """How far the farthest corner of the image moves when it is straightened [px]; 0 without a lens."""
    lens = clip.lens
    if lens is None or lens.is_straight:
        return 0.0
    height, width = lens.camera.size
    corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]], np.float64)
    bent = np.stack(lens.bent(*corners.T), -1)
    return float(np.linalg.norm(bent - corners, axis=1).max())


def _measure_light(pieces: Sequence[OwnClip], findings: Findings) -> Light | None:
    places = spread([(clip, index) for clip in pieces for index in range(len(clip))], LIT_AT)
    ends = [(pieces[0], 0), (pieces[-1], len(pieces[-1]) - 1)]
    numbers, brightness, black, white, flicker = [], [], [], [], []
    for clip, index in dict.fromkeys([ends[0], *places, ends[1]]):
        with telling(findings.file_fault):
            gray = _gray(clip, index)
            numbers.append(clip.numbers[index])
            brightness.append(float(gray.mean()))
            black.append(float((gray <= BLACK).mean()))
            white.append(float((gray >= WHITE).mean()))
            if index + 1 < len(clip):
                following = float(_gray(clip, index + 1).mean())
                flicker.append(abs(following - brightness[-1]) / max(brightness[-1], 1.0))
    if not numbers:
        return None
    jumps = float(np.median(flicker)) if flicker else None
    return Light(numbers, brightness, float(np.median(black)), float(np.median(white)), jumps)


def _gray(clip: OwnClip, index: int) -> np.ndarray:
    return clip.source.image(clip.numbers[index])[::2, ::2].mean(-1)


def _spread(intervals: np.ndarray) -> float:
    """Interquartile range over the median."""
    low, middle, high = np.quantile(intervals, (0.25, 0.5, 0.75))
    return float((high - low) / middle)


def _part(found: EgoMask | None) -> float | None:
    return None if found is None or found.mask is None else float(found.mask.mean())

"""Motion that was measured beside the images, brought to the times at which they were taken."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from acdepth.core.errors import UserError
from acdepth.data.own.clip import Description
from acdepth.data.own.motion import Motion, read_motion
from acdepth.data.own.source import ImageFiles, Source
from acdepth.data.own.times import is_clock, tell_range, times_of
from acdepth.data.own.tracks import Track, read_csv, read_gpx, read_poses
from acdepth.data.stored import frame_numbers

MOTION_FILES = ("motion.csv", "motion.gpx", "motion.txt")
"""What may stand beside images, videos and bags; one of them. Of ``drive.mp4``, ``drive.motion.csv`` and so
on, or ``drive.gpx``, go first."""
USUAL_LOG = re.compile(r"(?<![a-z])(poses?|traj(ectory)?|gps|gnss|odom(etry)?|speeds?|tracks?)(?![a-z])")
"""In names that other tools give to what may be motion."""
HOW_TO_JOIN = (
    "write track_offset into sequence.yaml: seconds from the first image to the track's first measurement, "
    "negative if the track begins before"
)


def motion_beside(
    source: Source,
    description: Description,
    folder: Path,
    stem: str | None,
    on_warning: Callable[[str], object],
) -> Motion | None:
    """Motion of a source's images from the file beside them; None if there is none.

    Raises:
        UserError: if there are several, it cannot be understood, or nothing says when images were taken.
    """
    path = motion_file(folder, stem)
    if path is None:
        _tell_strays(folder, stem, on_warning)
        return None
    measured: Motion | Track | None
    if path.suffix == ".gpx":
        measured = read_gpx(path)
    elif path.suffix == ".txt":
        measured = read_poses(path, len(source))
    elif (measured := read_csv(path)) is None:
        numbers = frame_numbers(source.paths) if isinstance(source, ImageFiles) else None
        return read_motion(path, len(source), numbers, times_of(source, description))
    if isinstance(measured, Motion):
        return measured
    return join(measured, source, description, on_warning)


def motion_file(folder: Path, stem: str | None) -> Path | None:
    """The file of `MOTION_FILES` that holds for images, a video or a bag.

    Raises:
        UserError: if there are several.
    """
    own = [] if stem is None else [f"{stem}.gpx", *(f"{stem}.{name}" for name in MOTION_FILES)]
    for names in (own, MOTION_FILES):
        found = [name for name in names if (folder / name).is_file()]
        if len(found) > 1:
            raise UserError(folder, f"motion stands in {' and in '.join(found)}", "keep one of them")
        if found:
            return folder / found[0]
    return None


def _tell_strays(folder: Path, stem: str | None, on_warning: Callable[[str], object]) -> None:
    """Recorders name their files by the day, SLAM by what they hold; a track with the name of a video belongs
    to that. The first is told."""
    files = sorted(folder.iterdir())
    names = Counter(file.stem for file in files)
    for file in files:
        suffix = file.suffix.lower()
        is_log = suffix == ".gpx" and names[file.stem] == 1
        if is_log or (suffix in (".csv", ".txt", ".tum") and USUAL_LOG.search(file.stem.lower())):
            name = f"motion{suffix.replace('.tum', '.txt')}"
            own = f"{stem}.{name} or " if stem else ""
            on_warning(f"{file}: is not read; call it {own}{name} if it says how the images' camera moved")
            return


def join(
    track: Track, source: Source, description: Description, on_warning: Callable[[str], object]
) -> Motion:
    """Motion at each image.

    Where both tell the time of day, or neither does, their clocks count as the same; else the recording must
    say when it began. ``track_offset`` goes before all of that.

    Raises:
        UserError: if the clocks cannot be compared, or images and track are not of the same time.
    """
    times = times_of(source, description)
    if times is None:
        remedy = "write frame_rate (images per second) into camera.yaml, or times.txt"
        raise UserError(track.place, "has times, but nobody says when the images were taken", remedy)
    on_track = times + _shift(track, times, source, description, on_warning)
    motion = track.at(on_track)
    known = motion.known()
    if not known.any():
        ranges = f"is of {tell_range(track.times)}, the images of {tell_range(on_track)}"
        what = ranges if _apart(track.times, on_track) else "says nothing at the times of the images"
        raise UserError(track.place, what, HOW_TO_JOIN)
    if not known.all():
        unknown = int((~known).sum())
        on_warning(f"{track.place}: says nothing of {unknown} of {len(known)} images; they have no motion")
    # Speeds count over the images' own times, wherever the track's clock begins.
    return motion if motion.positions is not None else Motion(speeds=motion.speeds, times=times)


def _shift(
    track: Track,
    times: np.ndarray,
    source: Source,
    description: Description,
    on_warning: Callable[[str], object],
) -> float:
    """Seconds to add to the images' times, to have them on the track's clock."""
    if description.track_offset is not None:
        return float(track.times[0] - times[0]) - description.track_offset
    if is_clock(track.times) == is_clock(times):
        return 0.0
    began = source.began()
    if is_clock(times) or began is None:
        clocks = "counts seconds, the images have dates", "has dates, the images have none"
        raise UserError(track.place, clocks[not is_clock(times)], HOW_TO_JOIN)
    told = tell_range(np.array([began])).split(" to ")[0]
    on_warning(
        f"{track.place}: joined to {source.place}, which says that it began at {told}; "
        f"if that is not right, {HOW_TO_JOIN}"
    )
    return began


def _apart(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(one[-1] < other[0] or other[-1] < one[0])

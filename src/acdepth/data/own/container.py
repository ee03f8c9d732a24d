"""Which frames a video file shows, and when: found without decoding more than, of some, the last few."""

import errno
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError, InvalidDataError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from acdepth.core.errors import UserError
from acdepth.core.images import MOST_PIXELS, SMALLEST_SIDE
from acdepth.data.stored import LONGEST_PAUSE

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".3gp", ".3g2", ".f4v", ".flv", ".wmv", ".asf", ".ogv"}
    | {".mpg", ".mpeg", ".vob", ".ts", ".mts", ".m2ts", ".m2v", ".mxf", ".h264", ".h265", ".hevc"}
)
"""In lower case; a ``.ts`` may be a program instead, see `is_video`."""
TELL_THEIR_LENGTH = frozenset({"matroska", "avi", "flv"})
"""Containers whose header says how long the video is. MP4 lists its frames; the others say nothing."""
REORDERED = frozenset({"h264", "hevc"})
"""Codecs whose frames may be stored in an order of which AVI keeps no note."""
LEAST_MISSING = 0.5
"""Seconds that an end may lie before the one that the header tells: headers are rounded, sound ends later."""
MOST_TORN = 6
"""Frames at the end that a cut can cost: the one that it tears, and those that are shown after it."""
KEYS_BACK = (2, 3, 5, 9)
"""From which key frame before the end it is decoded, in turn, as some containers find them too late; it is
not the last, which the cut may have torn."""
MOST_FROM_BEGIN = 512
"""Frames of a video that is rather decoded from its beginning than not at all."""
MOST_ERRORS = 100
"""Damaged packets in a row, after which no frame is expected any more."""
MOST_ASPECT = 4
"""Of pixels that are not square: width over height, or the other way; usual are up to 2."""
LAST_ENTRIES = 100
"""Of an MP4's list of frames: those that lie at the end of the file."""
COVERS = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
"""Streams of a single picture, which no player shows as the video."""


@dataclass(frozen=True)
class Track:
    """The video stream of a file that a player shows."""

    stream: int
    """Its number among the file's streams."""
    pts: list[int]
    """Time stamp of each frame, in the order of showing."""
    unit: Fraction
    """Of the time stamps [s]."""
    pixel_aspect: Fraction
    """Width over height of a pixel."""
    others: int
    """Further videos in the file."""

    @property
    def times(self) -> np.ndarray:
        """(N,) float64 [s]: when each frame is shown, from 0."""
        return (np.array(self.pts) - self.pts[0]) * self.unit.numerator / self.unit.denominator

    @property
    def frame_rate(self) -> float | None:
        """Frames per second, pauses left out; None of a single frame."""
        intervals = np.diff(self.pts)
        usual = intervals[intervals <= LONGEST_PAUSE * np.median(intervals)] if intervals.size else intervals
        return float(usual.size / (int(usual.sum()) * self.unit)) if usual.size else None


def is_video(path: Path) -> bool:
    """Whether a file is one by its name; of a ``.ts``, which programs are called too, by its first byte."""
    suffix = path.suffix.lower()
    if suffix != ".ts":
        return suffix in VIDEO_SUFFIXES
    try:
        with path.open("rb") as stream:
            return stream.read(1) == b"G"
    except OSError:
        return False


def read_track(path: Path) -> Track:
    """Look through all packets of a file for the frames that a player shows.

    Raises:
        UserError: if there are none, or the file was cut off.
    """
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            stream, others = _chosen(path, container)
            stored, keys = _stored(path, container.demux(stream))
            pts = sorted(set(stored))
            told = _told_length(container, stream)
            _refuse_cut(path, container, stream, pts, told)
            if told is None and "mov" not in container.format.name:
                pts = _without_torn_end(path, stream.index, stored, keys)
            aspect = stream.sample_aspect_ratio or Fraction(1)
            return Track(stream.index, pts, stream.time_base or Fraction(1), aspect, others)
    except (FFmpegError, OSError) as error:
        remedy = "copy it again; one whose recording was broken off needs a repair tool"
        damaged = "its index is damaged" if error.errno == errno.ENOMEM else error.strerror
        raise UserError(path, f"not readable as a video ({damaged})", remedy) from error


def _chosen(path: Path, container: InputContainer) -> tuple[VideoStream, int]:
    """The stream that a player shows, and how many others there are."""
    streams = [one for one in container.streams.video if not one.disposition & COVERS]
    if not streams:
        raise UserError(path, "has no video stream", "give a file with pictures that move")
    stream = next((one for one in streams if one.disposition & Disposition.default), streams[0])
    if stream.codec_context is None:
        what = "its video is coded in a way that is not known"
        raise UserError(path, what, f"convert it, such as: ffmpeg -i {path.name} {path.stem}.mp4")
    if 0 < min(stream.width, stream.height) < SMALLEST_SIDE:
        remedy = f"an image needs at least {SMALLEST_SIDE} on each side"
        raise UserError(path, f"{stream.width}x{stream.height} pixels", remedy)
    if stream.width * stream.height > MOST_PIXELS:
        what = f"{stream.width}x{stream.height} pixels, at most {MOST_PIXELS >> 20} million are read"
        raise UserError(path, what, "scale it down")
    if (aspect := stream.sample_aspect_ratio) and not 1 / MOST_ASPECT <= aspect <= MOST_ASPECT:
        what = f"its pixels are {float(aspect):g} times as wide as high"
        raise UserError(path, what, f"convert it, such as: ffmpeg -i {path.name} -aspect 16:9 other.mp4")
    if container.format.name == "avi" and stream.codec.name in REORDERED and stream.has_b_frames:
        told = f"AVI does not say when frames of {stream.codec.name} are shown"
        raise UserError(path, told, f"convert it, such as: ffmpeg -i {path.name} {path.stem}.mp4")
    return stream, len(streams) - 1


def readable_frames(container: InputContainer, stream: int) -> Iterator[VideoFrame]:
    """Frames from here on, without those that are damaged or computed from one that is."""
    damaged = False
    for _ in range(MOST_ERRORS):
        try:
            for frame in container.decode(container.streams[stream]):
                frame = cast(VideoFrame, frame)
                damaged = frame.is_corrupt or (damaged and not frame.key_frame)
                if not damaged:
                    yield frame
            return
        except InvalidDataError:
            damaged = True


def _stored(path: Path, packets: Iterable[Packet]) -> tuple[list[int], list[int]]:
    """Time stamps of what is shown, in the order of the file, and of the key frames.

    A trimmed video keeps frames before its beginning, from which the first are computed, and marks them.
    Nothing can be decoded before the first key frame, nor the last frame if it was not written whole.
    """
    kept: list[int | None] = []
    keys: list[int] = []
    whole = True
    for packet in packets:
        if packet.size:
            time, whole = packet.pts, not packet.is_corrupt
            if packet.is_keyframe and time is not None:
                keys.append(time)
            if not packet.is_discard:
                kept.append(time)
    if not whole:
        kept = kept[:-1]
    if without := kept.count(None):
        told = f"{without} of {len(kept)} frames have no time stamp"
        raise UserError(path, told, f"convert it, such as: ffmpeg -i {path.name} {path.stem}.mp4")
    begin = min(keys, default=None)
    shown = [time for time in kept if time is not None and (begin is None or time >= begin)]
    if not shown:
        raise UserError(path, "holds no frames", "record or copy it again")
    return shown, sorted(keys) or shown[:1]


def _without_torn_end(path: Path, stream: int, stored: list[int], keys: list[int]) -> list[int]:
    """Time stamps in the order of showing, without last frames that cannot be decoded.

    Where nothing says how long a video is, a cut may lie in the middle of a frame. Decoded is only what
    follows one of the last key frames.
    """
    pts = sorted(set(stored))
    # Some decoders notice a torn frame in one way only.
    ways = [_whole_at_end(path, stream, pts, keys, noticing) for noticing in ("crccheck", "explode")]
    whole = set.intersection(*ways)
    last = stored[-MOST_TORN - 1 :]
    torn = {time for time in last if time not in whole}
    # If there are more, it is not the cut that tore them, and whoever reads them is told.
    return pts if whole.isdisjoint(last) else [time for time in pts if time not in torn]


def _whole_at_end(path: Path, stream: int, pts: list[int], keys: list[int], noticing: str) -> set[int]:
    """Time stamps of those of the last frames that can be decoded; ``noticing`` is FFmpeg's err_detect."""
    whole = set[int]()
    for back in KEYS_BACK:
        with av.open(str(path), metadata_errors="replace") as container:
            if back < len(keys):
                container.seek(keys[-back], stream=container.streams[stream], backward=True)
            elif len(pts) > MOST_FROM_BEGIN:
                break
            # The same frames each time: what several threads notice of damage is left to chance.
            container.streams[stream].codec_context.thread_type = "NONE"
            container.streams[stream].codec_context.options = {"err_detect": noticing}
            for frame in readable_frames(container, stream):
                if frame.pts is not None:
                    whole.add(pts[bisect_right(pts, frame.pts) - 1])
        if back >= len(keys) or min(whole, default=keys[-1]) < keys[-1]:
            break  # else it came out too late
    return whole


def _refuse_cut(
    path: Path, container: InputContainer, stream: VideoStream, pts: list[int], told: float | None
) -> None:
    """A copy that ended early is no shorter drive: the same file may be whole elsewhere."""
    unit = stream.time_base or Fraction(1)
    there = float((pts[-1] - pts[0]) * unit)
    interval = there / (len(pts) - 1) if len(pts) > 1 else 0.0
    if told is not None:
        end = float(pts[-1] * unit)
        if told - end > LEAST_MISSING + 2 * interval:
            end = max(end, _end_of_all(container))
        missing = told - end > LEAST_MISSING + 2 * interval
    else:
        entries = stream.index_entries[-LAST_ENTRIES:]
        missing = max((one.pos + one.size for one in entries), default=0) > container.size
        told = float((entries[-1].timestamp - stream.index_entries[0].timestamp) * unit) if missing else None
    if missing and told is not None:
        what = f"is cut off: {there + interval:.1f} of {max(told, there):.1f} seconds are there"
        remedy = f"copy it again; if this is all there is: ffmpeg -i {path.name} -c copy whole{path.suffix}"
        raise UserError(path, what, remedy)


def _told_length(container: InputContainer, stream: VideoStream) -> float | None:
    """Seconds from 0 to the end, as the header says; None where it does not."""
    if TELL_THEIR_LENGTH.isdisjoint(container.format.name.split(",")):
        return None
    if container.format.name == "avi":  # FFmpeg shortens the duration to what is there
        return float(stream.frames * (stream.time_base or Fraction(1)))
    return container.duration and container.duration / av.time_base


def _end_of_all(container: InputContainer) -> float:
    """When the last packet of any stream ends [s]."""
    container.seek(0)
    return _latest_end(container.demux())


def _latest_end(packets: Iterable[Packet]) -> float:
    ends = (float((one.pts + (one.duration or 0)) * one.time_base) for one in packets if one.pts is not None)
    return max(ends, default=0.0)

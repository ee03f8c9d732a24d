"""Small videos of known frames: brightness and place of a bar tell the number."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.stream import VideoStream

HEIGHT, WIDTH, RATE, GOP = 48, 64, 10, 12


def pixels(number: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """uint8 (H, W, 3): a gray that grows with the number, the upper left quarter white."""
    image = np.full((height, width, 3), 40 + 5 * number, np.uint8)
    image[: height // 2, : width // 2] = 250
    return image


def number_of(image: np.ndarray) -> float:
    """Which frame an image is; right to a half."""
    return (float(image[image.shape[0] * 5 // 8 :].mean()) - 40) / 5


def write_video(
    path: Path,
    count: int = 40,
    codec: str = "mpeg4",
    times: Sequence[float] | None = None,
    aspect: Fraction | None = None,
    rotation: tuple[float, bool] | None = None,
    options: dict[str, str] | None = None,
) -> Path:
    """Frames 0.1 s apart with a key frame every 12, or at ``times`` [s]; ``rotation``: degrees, mirrored."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream = cast(VideoStream, container.add_stream(codec, rate=RATE))
        stream.width, stream.height, stream.gop_size = WIDTH, HEIGHT, GOP
        stream.pix_fmt, stream.bit_rate = "yuvj420p" if codec == "mjpeg" else "yuv420p", 2_000_000
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation[0], hflip=rotation[1])
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(pixels(number), format="rgb24")
            if times:
                frame.pts, frame.time_base = round(times[number] * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def remux(source: Path, target: Path, first: int = 0, shift: float = 0.0) -> Path:
    """Copy packets from number ``first`` on, all times earlier by ``shift`` [s], as trimming does."""
    with av.open(str(source)) as given, av.open(str(target), "w") as container:
        stream = container.add_stream_from_template(given.streams.video[0])
        for number, packet in enumerate(given.demux(video=0)):
            if packet.dts is not None and packet.pts is not None and number >= first:
                ticks = round(shift / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - ticks, packet.dts - ticks, stream
                container.mux(packet)
    return target

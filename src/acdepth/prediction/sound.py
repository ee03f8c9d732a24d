"""The sound of a video, for another that shows the same moments."""

import logging
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet

COPIED = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "flac", "opus"})
"""Codecs that players expect in an MP4; all others become `ENCODED`, mono or stereo, at `RATE` [1/s]."""
ENCODED, RATE = "aac", 48000


class Sound:
    """The sound that a player plays with a video, a piece at a time; copied where an MP4 may hold it.

    Damaged sound ends where the damage is, with a warning: the pictures are worth having without.

    Args:
        path: of the video.
        begin: time in it at which the new one begins [s]; what sounds before is left out.
    """

    def __init__(self, path: Path, begin: Fraction) -> None:
        self.path, self.begin = path, begin
        self._source = av.open(str(path), metadata_errors="replace")
        self._stream = self._source.streams.best("audio")
        self._target: OutputContainer | None = None
        self._packets: Iterator[Packet] = iter(())
        self._held: Packet | None = None
        """Taken, but of a time to come."""

    @property
    def there(self) -> bool:
        """Whether there is any."""
        return isinstance(self._stream, AudioStream)

    def add_to(self, target: OutputContainer) -> None:
        """Add a stream for it, before anything is written into the container; none if there is no sound."""
        stream = self._stream
        if not isinstance(stream, AudioStream):
            return
        self._target = target
        if stream.codec_context.name in COPIED:
            self._packets = self._copied(stream, target.add_stream_from_template(stream))
            return
        layout = "mono" if stream.codec_context.channels == 1 else "stereo"
        added = target.add_stream(ENCODED, rate=RATE, layout=layout)
        self._packets = self._encoded(stream, added)

    def write_until(self, time: float) -> None:
        """Write what sounds up to a time [s] since the beginning."""
        if self._target is None:
            return
        while (packet := self._held or self._read()) is not None:
            self._held = packet
            if packet.pts is not None and packet.pts * packet.time_base > time:
                return
            self._held = None
            self._target.mux(packet)

    def _read(self) -> Packet | None:
        try:
            return next(self._packets, None)
        except FFmpegError as error:
            told = f"{self.path}: its sound cannot be read to the end ({error.strerror})"
            logging.getLogger("acdepth").warning(told)
            return None  # and so will be whatever is asked for after

    def close(self) -> None:
        """Let the file go."""
        self._source.close()

    def _copied(self, stream: AudioStream, target: AudioStream) -> Iterator[Packet]:
        for packet in self._source.demux(stream):
            if packet.pts is None or packet.dts is None or packet.is_discard:
                continue
            late = round(self.begin / packet.time_base)
            packet.pts, packet.dts = packet.pts - late, packet.dts - late
            if packet.pts >= 0:
                packet.stream = target
                yield packet

    def _encoded(self, stream: AudioStream, target: AudioStream) -> Iterator[Packet]:
        for frame in self._source.decode(stream):
            if frame.pts is not None and frame.time_base is not None:
                frame.pts -= round(self.begin / frame.time_base)
                yield from _since_begin(target.encode(frame))
        yield from _since_begin(target.encode(None))


def _since_begin(packets: Iterable[Packet]) -> Iterator[Packet]:
    return (packet for packet in packets if packet.pts is not None and packet.pts >= 0)

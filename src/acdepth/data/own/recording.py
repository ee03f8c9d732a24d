"""Bags of ROS 1 and ROS 2 and MCAP files, opened by ``rosbags``, without ROS."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from acdepth.core.errors import UserError

BAG_SUFFIXES = frozenset({".bag", ".db3", ".mcap"})
"""Of single files; ROS 2 usually writes a folder of them with `METADATA`."""
METADATA = "metadata.yaml"
MCAP_START = b"\x89MCAP0\r\n\x01"


def is_bag(path: Path) -> bool:
    """Whether a path looks like a bag: a file by its suffix, a folder by what ROS 2 writes into it."""
    if path.suffix.lower() in BAG_SUFFIXES and path.is_file():
        return True
    try:
        about = (path / METADATA).read_bytes()
    except OSError:
        return False
    return b"rosbag2_bagfile_information" in about


class Recording:
    """A bag that is open for reading; used in a ``with`` statement.

    Messages are read as ROS's own types of their names. What the file itself says of types is not looked at:
    it is a stranger's, and the library would run code that it makes of such definitions.

    Raises:
        UserError: if it cannot be read, or ``rosbags`` is not installed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = _files_of(path)
        for file in self.files:
            _check_file(file)
        try:
            from rosbags import rosbag1, rosbag2
        except ImportError as error:
            what = f"reading bags needs rosbags ({error.name} is missing)"
            raise UserError(path, what, "pip install 'acdepth[ros]'") from error
        self._is_ros1 = path.suffix.lower() == ".bag"
        self._types = _types(self._is_ros1)
        with self._telling():
            self._reader = (rosbag1 if self._is_ros1 else rosbag2).Reader(path)
            self._reader.open()
            self._kinds = {one.topic: one.msgtype for one in self._reader.connections if one.msgcount}
            for one in self._reader.connections:
                if [type(told) for told in (one.topic, one.msgtype, one.msgcount)] != [str, str, int]:
                    raise ValueError(f"its index tells topic {one.topic!r} of {one.msgcount!r} messages")

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the files go."""
        with self._telling():
            self._reader.close()

    def topics(self) -> dict[str, str]:
        """Type, such as ``sensor_msgs/msg/Image``, of each topic that has messages, by name."""
        return self._kinds

    def count(self, topic: str) -> int:
        """How many messages of a topic there should be."""
        return sum(one.msgcount for one in self._reader.connections if one.topic == topic)

    def raw(self, topics: Sequence[str], start: int | None = None) -> Iterator[tuple[str, int, bytes]]:
        """Topic, time of receipt [ns] and bytes of each message of some topics, from a time on.

        Raises:
            UserError: if the file is damaged where it is read.
        """
        with self._telling():
            chosen = [one for one in self._reader.connections if one.topic in topics]
            for connection, received, content in self._reader.messages(chosen, start):
                yield connection.topic, received, bytes(content)

    def message(self, topic: str, content: bytes) -> Any:
        """A message with the fields that ROS gives its type.

        Raises:
            UserError: if the bytes are not one.
        """
        name = self._kinds[topic]
        with self._telling():
            if self._is_ros1:
                return self._types.deserialize_ros1(content, name)
            return self._types.deserialize_cdr(content, name)

    def stamp(self, content: bytes) -> int:
        """When a message's header says it was taken [ns]; 0 where it says nothing.

        Read from the first bytes, as whole images need not be looked at for it.

        Raises:
            UserError: if there are too few bytes.
        """
        with self._telling():
            if self._is_ros1:  # a running number stands before it
                seconds, nanoseconds = struct.unpack_from("<II", content, 4)
            else:  # bytes 0 to 3 say how the others are to be read
                seconds, nanoseconds = struct.unpack_from("<iI" if content[1] else ">iI", content, 4)
        return seconds * 1_000_000_000 + nanoseconds

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Whatever a damaged or made-up file makes the library raise is the file's fault."""
        try:
            yield
        except UserError:
            raise
        except Exception as error:
            kind = type(error).__name__
            told = str(error) if kind == "ReaderError" else f"{kind}: {error}"
            raise UserError(self.path, f"not readable as a bag ({told})", _remedy(self.path)) from error


@cache
def _types(ros1: bool) -> Any:
    """ROS's own types; those that are read are the same in all its releases."""
    from rosbags.typesys import Stores, get_typestore

    return get_typestore(Stores.ROS1_NOETIC if ros1 else Stores.ROS2_HUMBLE)


def _files_of(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in {*BAG_SUFFIXES, ".zstd"})


def _check_file(file: Path) -> None:
    """Refuse what the library would read without its end, or not explain.

    Raises:
        UserError: see there.
    """
    try:
        with file.open("rb") as stream:
            start = stream.read(256)
        size = file.stat().st_size
    except OSError as error:
        raise UserError(file, error.strerror or error, "copy it again") from error
    if file.suffix == ".db3":
        _check_database(file, start, size)
    elif start[:9] == MCAP_START:
        length = int.from_bytes(start[17:21], "little")
        if (profile := start[21 : 21 + length].decode(errors="replace")) != "ros2":
            remedy = "convert it to ROS 2; ROS 1 in MCAP and Foxglove's own messages are not read"
            raise UserError(file, f"is an MCAP file of profile {profile!r}", remedy)


def _check_database(file: Path, start: bytes, size: int) -> None:
    """SQLite's header says how many pages there are; a journal beside it holds what was not yet moved in."""
    if set(str(file.absolute())) & set("?#%"):  # the library would open another file
        raise UserError(file, "has ?, # or % in its path, by which SQLite cannot open it", "rename it")
    page = int.from_bytes(start[16:18], "big")
    whole = int.from_bytes(start[28:32], "big") * (65536 if page == 1 else page)
    if size < whole:
        raise UserError(file, f"is cut off: {size} of {whole} bytes", _remedy(file))
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size:
        remedy = f"run sqlite3 {file.name} 'PRAGMA wal_checkpoint(TRUNCATE)'"
        raise UserError(file, f"was not closed: its end still stands in {log.name}", remedy)


def _remedy(path: Path) -> str:
    if path.is_dir():
        return f"copy it again, or try ros2 bag reindex {path.name}"
    commands = {
        ".bag": f"rosbag reindex {path.name}",
        ".mcap": f"mcap recover {path.name}",
        ".db3": f"sqlite3 {path.name} .recover",
    }
    return f"copy it again, or try {commands.get(path.suffix, 'to reindex it')}"

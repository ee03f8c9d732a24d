"""What a disk does to a file."""

from pathlib import Path


def zero(path: Path, at: float = 0.5, count: int = 4096) -> None:
    """Make a block of zeros, ``at`` a part of the file's length; its size stays."""
    content = bytearray(path.read_bytes())
    start = int(at * max(0, len(content) - count))
    block = slice(start, start + min(count, len(content)))
    assert any(content[block]), "there were zeros before"
    content[block] = bytes(len(content[block]))
    path.write_bytes(content)

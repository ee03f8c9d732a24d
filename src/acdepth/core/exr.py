"""Depth as OpenEXR, which film and 3D programs read: one channel ``Z``, float32, losslessly packed."""

import struct
import zlib

import numpy as np

MAGIC, VERSION = 20000630, 2
FLOAT, ZIP, INCREASING_Y = 2, 3, 0
LINES = 16
"""Of a block that is packed together."""


def depth_exr(depth: np.ndarray) -> bytes:
    """Depth (H, W) [m] as a file."""
    height, width = depth.shape
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    channel = b"Z\0" + struct.pack("<iB3x2i", FLOAT, 0, 1, 1) + b"\0"
    header = struct.pack("<2i", MAGIC, VERSION)
    for name, kind, value in (
        ("channels", "chlist", channel),
        ("compression", "compression", bytes([ZIP])),
        ("dataWindow", "box2i", window),
        ("displayWindow", "box2i", window),
        ("lineOrder", "lineOrder", bytes([INCREASING_Y])),
        ("pixelAspectRatio", "float", struct.pack("<f", 1.0)),
        ("screenWindowCenter", "v2f", struct.pack("<2f", 0.0, 0.0)),
        ("screenWindowWidth", "float", struct.pack("<f", 1.0)),
    ):
        header += f"{name}\0{kind}\0".encode() + struct.pack("<i", len(value)) + value
    header += b"\0"
    blocks = [_block(start, depth[start : start + LINES]) for start in range(0, height, LINES)]
    place = len(header) + 8 * len(blocks)
    places = b""
    for block in blocks:
        places += struct.pack("<Q", place)
        place += len(block)
    return header + places + b"".join(blocks)


def _block(start: int, rows: np.ndarray) -> bytes:
    """Rows from a number on, packed: even bytes before odd ones, each as the difference to the one before."""
    plain = np.frombuffer(rows.astype("<f4").tobytes(), np.uint8)
    parted = np.concatenate([plain[0::2], plain[1::2]])
    differences = np.diff(parted, prepend=parted[:1]) + np.uint8(128)
    differences[0] = parted[0]
    packed = zlib.compress(differences.tobytes())
    content = packed if len(packed) < plain.size else plain.tobytes()
    return struct.pack("<2i", start, len(content)) + content

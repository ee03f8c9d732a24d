"""Points as binary glTF (.glb), which browsers and 3D programs open."""

import json
import struct
from typing import Any

import numpy as np

MAGIC, VERSION, JSON_CHUNK, BINARY_CHUNK = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
POINTS, FLOAT, UNSIGNED_BYTE, ARRAY_BUFFER = 0, 5126, 5121, 34962


def points_glb(points: np.ndarray, colours: np.ndarray) -> bytes:
    """Coloured points as a file.

    Args:
        points: (N, 3) [m], x right, y down, z forward; glTF has y up and looks along -z.
        colours: uint8 (N, 3), sRGB.
    """
    scene: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "acdepth"},
        "scene": 0,
        "scenes": [{}],
    }
    if not len(points):  # accessors of nothing are refused
        return _file(scene, b"")
    positions = (points * np.array([1, -1, -1], np.float32)).astype("<f4")
    # glTF keeps vertex colours linear.
    shades = np.arange(256) / 255
    linear = np.where(shades <= 0.04045, shades / 12.92, ((shades + 0.055) / 1.055) ** 2.4)
    painted = np.full((len(points), 4), 255, np.uint8)
    painted[:, :3] = np.rint(255 * linear).astype(np.uint8)[colours]
    binary = positions.tobytes() + painted.tobytes()
    low, high = positions.min(0), positions.max(0)
    views = [(0, positions.nbytes), (positions.nbytes, painted.nbytes)]
    scene |= {
        "extensionsUsed": ["KHR_materials_unlit"],
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "materials": [{"extensions": {"KHR_materials_unlit": {}}}],
        "meshes": [
            {"primitives": [{"mode": POINTS, "material": 0, "attributes": {"POSITION": 0, "COLOR_0": 1}}]}
        ],
        "accessors": [
            {
                "bufferView": 0,
                "componentType": FLOAT,
                "count": len(points),
                "type": "VEC3",
                "min": [float(one) for one in low],
                "max": [float(one) for one in high],
            },
            {
                "bufferView": 1,
                "componentType": UNSIGNED_BYTE,
                "normalized": True,
                "count": len(points),
                "type": "VEC4",
            },
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": start, "byteLength": length, "target": ARRAY_BUFFER}
            for start, length in views
        ],
        "buffers": [{"byteLength": len(binary)}],
    }
    return _file(scene, binary)


def _file(scene: dict[str, Any], binary: bytes) -> bytes:
    text = json.dumps(scene, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<2I", len(text), JSON_CHUNK) + text
    if binary:
        chunks += struct.pack("<2I", len(binary), BINARY_CHUNK) + binary
    return struct.pack("<3I", MAGIC, VERSION, 12 + len(chunks)) + chunks

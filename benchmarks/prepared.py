"""Time opening a large index of prepared footage: python benchmarks/prepared.py [--frames 10000000]

Writes columns of synthetic frames into a temporary folder (about 130 bytes a frame), opens them in a process
of its own, and prints JSON: how long that took, by how much its memory grew, and the same of what a training
asks first.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from acdepth.core.files import write_json
from acdepth.core.provenance import provenance
from acdepth.data.frames import Frames
from acdepth.data.prepared import FORMAT, FRAMES, INDEX

FRAMES_PER_CLIP = 240
OPEN = """
import json, sys, time
from pathlib import Path
from acdepth.data.prepared import Prepared
from acdepth.data.triplets import TripletBatches
import psutil

def megabytes():
    return psutil.Process().memory_info().rss / 1e6

before, started = megabytes(), time.perf_counter()
prepared = Prepared.open(Path(sys.argv[1]))
opened, after = time.perf_counter(), megabytes()
key = prepared.frames.key(len(prepared) // 2)
found = time.perf_counter()
triplets = len(TripletBatches(prepared, 4, 0))
print(json.dumps({
    "frames": len(prepared),
    "seconds to open": opened - started,
    "megabytes to open": after - before,
    "seconds to find a name": found - opened,
    "triplets": triplets,
    "seconds to find the triplets": time.perf_counter() - found,
    "megabytes to find the triplets": megabytes() - after,
}))
"""


def columns(count: int) -> Frames:
    """Frames of clips of equal length; their names have 32 letters, as nuScenes' nearly have."""
    clips = -(-count // FRAMES_PER_CLIP)
    number = np.arange(count, dtype=np.uint32)
    draw = np.random.default_rng(0)
    distance = draw.random(count)
    names = np.frombuffer(b"".join(b"scene-%026d" % one for one in range(clips)), np.uint8)
    return Frames(
        clip=number // FRAMES_PER_CLIP,
        position=number % FRAMES_PER_CLIP,
        target=np.ones(count, bool),
        source_size=np.tile(np.array([900, 1600], np.uint32), (count, 1)),
        brightness=255 * draw.random(count),
        distance_to_previous=distance,
        distance_to_next=distance,
        speed=12 * distance,
        motion=np.full(count, np.nan),
        key_bytes=draw.integers(97, 123, 32 * count, np.uint8),
        key_ends=32 * np.arange(1, count + 1),
        clip_condition=np.zeros(clips, np.uint8),
        clip_intrinsics=np.full((clips, 4), 300.0),
        clip_mask=np.full(clips, -1),
        clip_camera_height=np.full(clips, np.nan),
        masks=np.empty((0, 320, 576), bool),
        clip_name_bytes=names,
        clip_name_ends=32 * np.arange(1, clips + 1),
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    arguments.add_argument("--frames", type=int, default=10_000_000)
    count = arguments.parse_args().frames
    with tempfile.TemporaryDirectory() as folder:
        columns(count).write(Path(folder) / FRAMES)
        index = {"format": FORMAT, "made_from": "", "stamp": "", "crop": None, "image_size": [320, 576]}
        write_json(Path(folder) / INDEX, index)
        told = subprocess.run(
            [sys.executable, "-c", OPEN, folder], check=True, capture_output=True, text=True
        )
    print(json.dumps({**json.loads(told.stdout), **provenance()}, indent=1))


if __name__ == "__main__":
    main()

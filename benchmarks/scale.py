"""What a frame costs from its file to a batch: python benchmarks/scale.py [--out scale.json]

Packs made photographs (JPEG, 900x1600) into shards at 320x576 with one process, reads them back in the order
of a training, and draws that order for as many frames as anyone may have. Seconds are of the processor, so
that other work on the machine counts as little as it can; docs/scale.md has what follows for 1, 10 and 100
million frames.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.files import write_json, write_text
from acdepth.core.provenance import provenance
from acdepth.data import MixBatches, open_data, prepare
from acdepth.data.shards.pack import pack

SIZE = (320, 576)
FRAMES, PASSES = 48, 4
ORDER = """
import json, sys, time
import numpy as np
from acdepth.data.order import Order

count = int(sys.argv[1])
started = time.process_time()
order = Order(np.arange(count), "mix", 0, 16)
order.item(count // 2)
first, started = time.process_time() - started, time.process_time()
for draw in range(1000):
    order.item(draw)
print(json.dumps({"frames": count, "seconds to begin a pass": first,
    "microseconds to draw": 1000 * (time.process_time() - started)}))
"""


def write_photographs(folder: Path) -> Path:
    """A drive of noisy pictures, which take 0.8 MB each: harder to decode than most streets."""
    (folder / "images").mkdir(parents=True)
    draw = np.random.default_rng(0)
    for number in range(FRAMES):
        coarse = draw.integers(0, 256, (90, 160, 3), np.uint8)
        fine = draw.normal(0, 6, (900, 1600, 3))
        picture = cv2.resize(coarse, (1600, 900), interpolation=cv2.INTER_CUBIC) + fine
        cv2.imwrite(str(folder / "images" / f"{number:06d}.jpg"), picture.clip(0, 255).astype(np.uint8))
    Camera(1200.0, 1200.0, 799.5, 449.5, 1600, 900).write(folder / "camera.yaml", frame_rate=12)
    write_text(folder / "motion.csv", "index,speed\n" + "".join(f"{n},10\n" for n in range(FRAMES)))
    return folder


def processor(work: Callable[[], object]) -> float:
    """Seconds that this process computes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def measure(place: Path) -> dict[str, float]:
    """Costs of one frame."""
    clips = open_data(write_photographs(place / "drive"))
    jpegs = sum(path.stat().st_size for path in (place / "drive" / "images").iterdir()) / FRAMES
    clips[0].image(0)  # warm
    packing = processor(lambda: pack(clips, place / "packed", SIZE, workers=1, per_shard=16)) / FRAMES
    files = [path for path in (place / "packed").rglob("*") if path.is_file()]
    packed = prepare(open_data(place / "packed"), place / "unused", SIZE)
    batches = MixBatches(packed, {}, None, 16, 0)
    batches.batch(0)
    reading = processor(lambda: [batches.batch(step) for step in range(PASSES * FRAMES // 16)])
    return {
        "bytes of a JPEG": jpegs,
        "bytes packed": sum(path.stat().st_size for path in files) / FRAMES,
        "core seconds to pack": packing,
        "core seconds in a batch": reading / (PASSES * FRAMES),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    arguments.add_argument("--out", type=Path)
    arguments.add_argument("--orders", type=int, nargs="*", default=[1_000_000, 10_000_000])
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as place:
        found: dict[str, object] = {"frame": measure(Path(place))}
    found["order"] = [
        json.loads(
            subprocess.run([sys.executable, "-c", ORDER, str(count)], check=True, capture_output=True).stdout
        )
        for count in given.orders
    ]
    found["made_by"] = provenance()
    print(json.dumps(found, indent=1))
    if given.out:
        write_json(given.out, found)


if __name__ == "__main__":
    main()

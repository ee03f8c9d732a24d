"""How fast weather is simulated: python benchmarks/weather.py [--size 192x320] [--images 12] [--out FILE]

Images per second of one core, by condition, on noise over a level road with a wall 60 m away: what is drawn,
and so the time, hardly depends on what images show. It is processor time, so other work beside counts little.
"""

import argparse
import json
import time
from pathlib import Path

import torch

from acdepth.core.seeding import make_generator
from acdepth.weather import WEATHERS, simulate


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="192x320")
    parser.add_argument("--images", type=int, default=12)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    height, width = (int(side) for side in given.size.split("x"))
    torch.set_num_threads(1)
    coarse = torch.rand(1, 3, 12, 20, generator=make_generator(0))
    image = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
    rows = torch.arange(height).view(1, 1, -1, 1).expand(1, 1, height, width)
    depth = (1.5 * 0.7 * width / (rows - 0.45 * height).clamp_min(1e-3)).clamp_max(60.0)
    speeds: dict[str, float] = {}
    for condition in WEATHERS:
        simulate(image, depth, condition, [make_generator(0)])  # warms up
        started = time.process_time()
        for seed in range(given.images):
            simulate(image, depth, condition, [make_generator(seed)])
        speeds[condition] = round(given.images / (time.process_time() - started), 2)
    result = {"size": [height, width], "images": given.images, "images_per_second_and_core": speeds}
    print(json.dumps(result))
    if given.out:
        given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

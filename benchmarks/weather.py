"""How fast weather is simulated: python benchmarks/weather.py [--sizes 192x320,360x640] [--out FILE]

Images per second of one core, by condition, on noise over a level road with a wall 60 m away: what is drawn,
and so the time, hardly depends on what images show. Beside them, in turns, what each translation needs in any
case: one image read from JPEG, and one written as JPEG. ``floor`` is that part of a line's time.
"""

import argparse
from itertools import count
from pathlib import Path

import cv2
import torch
from turns import Timed, Work, keep, show, take_turns

from acdepth.cli.world import parse_image_size
from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.weather import WEATHERS, simulate

FLOOR = "JPEG read and written"
QUALITY = 95
"""Of `acdepth translate`."""


def main() -> None:
    """Print a table for each size, and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="192x320,360x640,900x1600")
    parser.add_argument("--rounds", type=int, default=15, help="each simulates other weather")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmarks/weather.json"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    groups = {size: _measure(parse_image_size(size), given.rounds) for size in given.sizes.split(",")}
    for size, timed in groups.items():
        floor, weathers = timed[FLOOR].median, [timed[condition].median for condition in WEATHERS]
        speeds = {f"images a second: {name}": 1 / one.median for name, one in timed.items()}
        whole = {
            "images a second: all conditions": len(weathers) / sum(weathers),
            "% of the time that is the floor": 100 * floor * len(weathers) / sum(weathers),
        }
        show(size, timed, speeds | whole)
    keep(given.out, {"rounds": given.rounds}, groups)


def _measure(size: tuple[int, int], rounds: int) -> dict[str, Timed]:
    height, width = size
    coarse = torch.rand(1, 3, 12, 20, generator=make_generator(0))
    image = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
    rows = torch.arange(height).view(1, 1, -1, 1).expand(1, 1, height, width)
    depth = (1.5 * 0.7 * width / (rows - 0.45 * height).clamp_min(1e-3)).clamp_max(60.0)
    pixels = (image[0] * 255).byte().permute(1, 2, 0).numpy()
    _, coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])

    def weather(condition: Condition) -> Work:
        seeds = count()
        return lambda: simulate(image, depth, condition, [make_generator(next(seeds))])

    def read_and_write() -> object:
        decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
        return cv2.imencode(".jpg", decoded, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])

    return take_turns({**{name: weather(name) for name in WEATHERS}, FLOOR: read_and_write}, rounds)


if __name__ == "__main__":
    main()

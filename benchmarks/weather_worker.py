"""Simulates weather on request, for `benchmarks/weather.py`: one process for each checkout that is compared.

Reads lines of a condition, a seed and a number of tries, and answers each with the processor time that the
image took [s] in the quickest of them: what else a machine does only ever adds to it.
"""

import sys
import time

import cv2
import torch

from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.weather import simulate


def main() -> None:
    height, width = map(int, sys.argv[1:])
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    coarse = torch.rand(1, 3, 12, 20, generator=make_generator(0))
    image = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")
    rows = torch.arange(height).view(1, 1, -1, 1).expand(1, 1, height, width)
    depth = (1.5 * 0.7 * width / (rows - 0.45 * height).clamp_min(1e-3)).clamp_max(60.0)
    for line in sys.stdin:
        name, *numbers = line.split()
        seed, tries = map(int, numbers)
        seconds = []
        for _ in range(tries):
            started = time.process_time()
            simulate(image, depth, Condition(name), [make_generator(seed)])
            seconds.append(time.process_time() - started)
        print(min(seconds), flush=True)


if __name__ == "__main__":
    main()

"""Time predicting, rendering and translating, side by side: python benchmarks/speed.py [--size 96x160]

All variants take turns.
"""

import argparse
from pathlib import Path
from typing import Any

import torch
from turns import Work, keep, show, take_turns

from acdepth.cli.world import parse_image_size
from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from acdepth.networks.checkpoint import CheckpointCard
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.weather import simulate
from acdepth.world.render import prepare

WEATHER = (Condition.NIGHT, Condition.RAIN, Condition.FOG, Condition.SNOW)


def measure_use(size: tuple[int, int], rounds: int) -> dict[str, Any]:
    """Predicting, rendering and translating; seconds per image, or per frame and condition."""
    draw = make_generator(0, "benchmark")
    image, depth = torch.rand(1, 3, *size, generator=draw), 1 + 50 * torch.rand(1, 1, *size, generator=draw)
    card = CheckpointCard(network=DepthNetConfig(width=32), input_size=size)
    predictor = Predictor(model_of(DepthNet(card.network, 15.0), card, torch.device("cpu")))
    renderer = prepare(0, 24, size)
    frames = iter(range(10_000))
    works: dict[str, Work] = {
        "predict": lambda: predictor(image[0]),
        "predict, with flip": lambda: predictor(image[0], flip=True),
        "render clear": lambda: renderer.frame(next(frames) % 24, (Condition.CLEAR,)),
        "render all conditions": lambda: renderer.frame(next(frames) % 24, tuple(Condition)),
    }
    for condition in WEATHER:
        works[f"translate to {condition}"] = lambda condition=condition: simulate(
            image, depth, condition, [make_generator(0, condition)]
        )
    timed = take_turns(works, rounds)
    seconds = {name: times.median for name, times in timed.items()}
    floor = len(Condition) * seconds["render clear"]
    return {
        "seconds": timed,
        "ratios": {"all conditions / clear alone, six times": seconds["render all conditions"] / floor},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="96x160", help="height and width of the images")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    size = parse_image_size(given.size)
    use = measure_use(size, given.rounds)
    show(f"use, {given.size}", use["seconds"], use["ratios"])
    if given.out:
        keep(given.out, {"size": given.size, "rounds": given.rounds}, {"use": use})


if __name__ == "__main__":
    main()

"""Time what people wait for, side by side: python benchmarks/speed.py [--size 96x160] [--out FILE]

All variants take turns. ``floor`` is what a line cannot beat: the passes through the networks alone.
"""

import argparse
from pathlib import Path
from typing import Any

import torch
from turns import Work, keep, show, take_turns

from acdepth.cli.world import parse_image_size
from acdepth.core.batches import MixBatch, TripletBatch
from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.core.shipped import PRIOR
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from acdepth.networks.checkpoint import CheckpointCard
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.settings import StudentConfig
from acdepth.student.task import StudentTask
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.task import TeacherTask
from acdepth.weather import simulate
from acdepth.world.render import prepare

WEATHER = (Condition.NIGHT, Condition.RAIN, Condition.FOG, Condition.SNOW)


class Training:
    """Steps of teacher and student on noise: time does not depend on what the images show."""

    def __init__(self, size: tuple[int, int], batch: int, width: int) -> None:
        height, columns = size
        network = DepthNetConfig(width=width)
        self.teacher = TeacherTask(TeacherConfig(network=network, image_size=size, initial_depth=15.0))
        student = StudentConfig(consistency_start=0.0)
        prior = DepthAnythingPrior.from_pretrained(PRIOR)
        self.student = StudentTask(student, DepthNet(network, 15.0), DepthNet(network, 15.0), prior)
        for task in (self.teacher, self.student):
            task.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.student.to_device(torch.device("cpu"))
        draw = make_generator(0, "benchmark")
        images = torch.rand(batch, 4, 3, height, columns, generator=draw)
        focal = 0.8 * columns
        intrinsics = torch.tensor(
            [[focal, 0.0, columns / 2 - 0.5], [0.0, focal, height / 2 - 0.5], [0.0, 0.0, 1.0]]
        )
        self.triplets = TripletBatch(
            images[:, 0],
            images[:, 1:3],
            intrinsics.expand(batch, 3, 3).contiguous(),
            torch.full((batch, 2), 0.8),
        )
        self.mixed = MixBatch(images[:, 0], images[:, 3], torch.arange(batch) % 3)

    def teacher_step(self, precision: str = "bf16") -> None:
        """Losses and gradients of one batch."""
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            terms = self.teacher(self.triplets, make_generator(0, "step"), 1.0)
        torch.stack(list(terms.values())).sum().backward()
        self.teacher.zero_grad()

    def teacher_networks(self) -> None:
        """The floor of a teacher's step: both networks forth and back, without any loss."""
        with torch.autocast("cpu", torch.bfloat16):
            depths = self.teacher.depth_net(self.triplets.image).inverse_depths
            motions = self.teacher.pose_net.motions(self.triplets.image, self.triplets.neighbours)
        torch.stack([motions.mean(), *(depth.mean() for depth in depths)]).sum().backward()
        self.teacher.zero_grad()

    def student_step(self) -> None:
        """Losses and gradients of one batch, L_c included."""
        with torch.autocast("cpu", torch.bfloat16):
            terms = self.student(self.mixed, make_generator(0, "step"), 1.0)
        torch.stack(list(terms.values())).sum().backward()
        self.student.zero_grad()

    def student_networks(self) -> None:
        """The floor of a student's step: the student forth and back, teacher and prior forth."""
        teacher, prior = self.student.teachers
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                for network in (teacher, prior):
                    assert network is not None
                    network(self.mixed.clear)
            depths = self.student.student(self.mixed.mixed).inverse_depths
        torch.stack([depth.mean() for depth in depths]).sum().backward()
        self.student.zero_grad()


def measure_training(size: tuple[int, int], batch: int, rounds: int) -> dict[str, Any]:
    training = Training(size, batch, width=32)
    timed = take_turns(
        {
            "teacher step": training.teacher_step,
            "teacher step, fp32": lambda: training.teacher_step("fp32"),
            "teacher networks alone": training.teacher_networks,
            "student step": training.student_step,
            "student networks alone": training.student_networks,
        },
        rounds,
    )
    seconds = {name: times.median for name, times in timed.items()}
    return {
        "seconds": timed,
        "ratios": {
            "teacher step / floor": seconds["teacher step"] / seconds["teacher networks alone"],
            "student step / floor": seconds["student step"] / seconds["student networks alone"],
            "fp32 / bf16": seconds["teacher step, fp32"] / seconds["teacher step"],
        },
    }


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
    parser.add_argument("--batch", type=int, default=8, help="images per training step")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    size = parse_image_size(given.size)
    groups = {
        "training": measure_training(size, given.batch, given.rounds),
        "use": measure_use(size, given.rounds),
    }
    for name, group in groups.items():
        about = "" if name == "use" else f", batches of {given.batch}, half width"
        show(f"{name}, {given.size}{about}", group["seconds"], group["ratios"])
    if given.out:
        keep(given.out, {"size": given.size, "batch": given.batch, "rounds": given.rounds}, groups)


if __name__ == "__main__":
    main()

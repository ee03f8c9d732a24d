"""Time a training step beside the published order of work: python benchmarks/training.py [--out FILE]

All variants take turns. The published order of work, written plainly: whole JPEGs are decoded and resized
with Lanczos' filter in every step, networks compute in float32, teacher, prior and student also see the clear
image each time, and each loss is read. Ours is what ``acdepth train`` does: prepared images, answers that
were asked once, the precision of the device. The floor is a network's own passes, forth and back, of a batch
that is there.

The prior is a Depth Anything of real size (ViT-S) with random weights: time does not depend on what it knows.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import torch
from accelerate import Accelerator
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from turns import Work, keep, show, take_turns

from acdepth.cli.world import parse_image_size
from acdepth.core.batches import Tensors, TripletBatch
from acdepth.core.camera import Camera
from acdepth.core.seeding import make_generator
from acdepth.data.augment import augment
from acdepth.data.folder import open_data
from acdepth.data.mix import MixBatches
from acdepth.data.prepared import prepare
from acdepth.data.settings import AugmentSettings
from acdepth.data.triplets import TripletBatches
from acdepth.engine import LoopSettings, Task
from acdepth.engine.ahead import BatchSource, read_ahead
from acdepth.engine.loop import Updates
from acdepth.geometry.photometric import SSIM_C1, SSIM_C2, SSIM_PART
from acdepth.geometry.warp import synthesise_views
from acdepth.networks.depth_net import SCALES, DepthNet, inverse_depth_from_sigmoid
from acdepth.networks.settings import DepthNetConfig
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.prior.settings import TinyPriorConfig
from acdepth.student.asked import ask_once
from acdepth.student.settings import OrdinalOptions, StudentConfig
from acdepth.student.task import StudentTask, mean_consistency, mean_distillation, mean_ranking
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.task import TeacherTask, mean_smoothness

FRAMES, ORIGINAL = 10, (900, 1600)
"""Of the footage, nuScenes' size."""
VIT_S = TinyPriorConfig(side=518, width=384, layers=12, heads=6, neck=(48, 96, 192, 384), fusion=64, head=32)
"""Depth Anything V2 Small: 24.8 million parameters."""
STUDENT = ("published student", "student", "student with L_c", "student's own passes")
TEACHER = ("published teacher", "teacher", "both networks' own passes")
COMPILED = ("student, compiled", "student's own passes, compiled", "teacher, compiled")
"""What ``--compile`` adds: the same with networks that torch.compile made."""


class Bench:
    """Footage of noise in a folder, and steps on it."""

    def __init__(
        self, folder: Path, size: tuple[int, int], batch: int, width: int, tiny_prior: bool, device: str
    ) -> None:
        self.folder, self.size, self.batch, self.tiny_prior = folder, size, batch, tiny_prior
        self.device = torch.device(device)
        self.network = DepthNetConfig(width=width)
        self.files = write_footage(folder / "data")
        self.prepared = prepare(open_data(folder / "data"), folder / "prepared", size)
        self.loop = LoopSettings(
            steps=1_000_000, batch_size=batch, gradient_clip=None, device="cpu" if device == "cpu" else "auto"
        )

    def prior(self) -> DepthAnythingPrior:
        """Untrained."""
        return DepthAnythingPrior.tiny(0, TinyPriorConfig() if self.tiny_prior else VIT_S)

    def student(self, start: float, compiled: bool = False) -> Work:
        """Our step; L_c begins at a part of the run."""
        config = StudentConfig(consistency_start=start, start_from="scratch", cache="all", loop=self.loop)
        teacher, files = DepthNet(self.network, 15.0), {"teacher": "noise", "prior": "noise"}
        asked = ask_once(config, teacher, self.prior(), self.prepared, files, self.folder / "asked")
        # How fast a condition is learnt does not depend on what it looks like.
        given = self.prepared, dict.fromkeys(config.degraded, self.prepared), config.mix, self.batch, 0, None
        source = MixBatches(*given, taught=asked.teacher, prior=asked.prior)
        task = StudentTask(config, DepthNet(self.network, 15.0), teacher, None)
        if compiled:
            task.student.compile(dynamic=False)
        return steps(task, source, self.loop, self.device)

    def teacher(self, compiled: bool = False) -> Work:
        """Our step."""
        config = TeacherConfig(network=self.network, image_size=self.size, initial_depth=15.0, loop=self.loop)
        source = TripletBatches(self.prepared, self.batch, 0, None)
        task = TeacherTask(config, 0.8)
        if compiled:
            task.depth_net.compile(dynamic=False)
        return steps(task, source, self.loop, self.device)

    def student_passes(self, compiled: bool = False) -> Work:
        """The floor: the student forth and back, without any loss."""
        student, mixed = last(DepthNet(self.network, 15.0).to(self.device)), self._images(1)[0]
        if compiled:
            student.compile(dynamic=False)

        def passes() -> None:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self._in_bfloat16):
                depths = student(mixed).inverse_depths
            torch.stack([depth.mean() for depth in depths]).sum().backward()
            student.zero_grad()

        return passes

    def teacher_passes(self) -> Work:
        """The floor: both networks forth and back, without any loss."""
        config = TeacherConfig(network=self.network, image_size=self.size, initial_depth=15.0)
        task, (image, *beside) = last(TeacherTask(config, 0.8).to(self.device)), self._images(3)

        def passes() -> None:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self._in_bfloat16):
                depths = task.depth_net(image).inverse_depths
                motions = task.pose_net.motions(image, torch.stack(beside, 1))
            torch.stack([motions.mean(), *(depth.mean() for depth in depths)]).sum().backward()
            task.zero_grad()

        return passes

    def published_student(self) -> Work:
        """The published order of work."""
        student, teacher = (DepthNet(self.network, 15.0).to(self.device) for _ in "st")
        prior = self.prior()
        teacher.eval()
        prior.network.to(self.device)
        prior.network.to(memory_format=torch.contiguous_format)
        options, noise = OrdinalOptions().published(), AugmentSettings(noise="published", noise_first=True)
        optimizer, generator = torch.optim.Adam(student.parameters(), 5e-4), make_generator(0)
        degraded = torch.arange(self.batch, device=self.device) % 3 > 0

        def step() -> float:
            clear, mixed = (self._decoded(range(self.batch)) for _ in "cm")
            with torch.no_grad():
                taught, seen = plain_depths(teacher, teacher.features(clear))
                order = prior(clear)
                _, own = plain_depths(student, student.features(clear))
            said, features = plain_depths(student, student.features(augment(mixed, generator, noise)))
            ranking = mean_ranking(said[0], taught[0], order, options, generator)
            consistency = mean_consistency(features, own, seen, degraded)
            loss = mean_distillation(said, taught) + 0.01 * ranking + 0.02 * consistency
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss.item()

        return step

    def published_teacher(self) -> Work:
        """The published order of work."""
        config = TeacherConfig(network=self.network, image_size=self.size, initial_depth=15.0)
        task, generator = TeacherTask(config, 0.8).to(self.device), make_generator(0)
        optimizer = torch.optim.Adam(task.parameters(), 2e-4)
        known = TripletBatches(self.prepared, self.batch, 0, None).batch(0).to(self.device)

        def step() -> float:
            first = range(1, self.batch + 1)
            image, *beside = (self._decoded([n + move for n in first]) for move in (0, -1, 1))
            batch = TripletBatch(image, torch.stack(beside, 1), known.intrinsics, known.distance)
            seen = augment(image, generator, AugmentSettings(noise_probability=0.0))
            depths, _ = plain_depths(task.depth_net, task.depth_net.features(seen))
            motions = task.pose_net.motions(image, batch.neighbours, apart=True)
            views = synthesise_views(batch, depths, motions)
            errors = torch.stack([plain_error(view, image) for view in views.flatten(0, 1)]).unflatten(
                0, views.shape[:2]
            )
            still = torch.stack([plain_error(frame, image) for frame in beside]).amin(0)
            length = (motions[..., :3, 3].norm(dim=-1) - batch.distance).abs().mean()
            loss = torch.minimum(errors.amin(1), still).mean() + 0.02 * length
            loss = loss + 1e-3 * mean_smoothness(depths, image)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss.item()

        return step

    def work(self, name: str) -> Work:
        """One of `STUDENT`, `TEACHER` and `COMPILED`."""
        student = (
            self.published_student,
            lambda: self.student(1.0),
            lambda: self.student(0.0),
            self.student_passes,
        )
        teacher = (self.published_teacher, self.teacher, self.teacher_passes)
        compiled = (
            lambda: self.student(1.0, compiled=True),
            lambda: self.student_passes(compiled=True),
            lambda: self.teacher(compiled=True),
        )
        works = (*student, *teacher, *compiled)
        return works[(*STUDENT, *TEACHER, *COMPILED).index(name)]()

    def _decoded(self, numbers: Sequence[int]) -> Tensor:
        height, width = self.size
        images = []
        for number in numbers:
            with Image.open(self.files[number % len(self.files)]) as image:
                small = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
            images.append(torch.from_numpy(np.array(small)).permute(2, 0, 1).float() / 255)
        return torch.stack(images).to(self.device)

    @property
    def _in_bfloat16(self) -> bool:
        return self.loop.in_bfloat16(self.device)

    def _images(self, count: int) -> list[Tensor]:
        return [self._decoded(range(one, one + self.batch)) for one in range(count)]


def write_footage(folder: Path) -> list[Path]:
    """A drive of smooth noise with a little grain, as JPEG, if it is not there; its files."""
    files = [folder / "images" / f"{number:06d}.jpg" for number in range(FRAMES)]
    if files[-1].exists():
        return files
    draw, (height, width) = np.random.default_rng(0), ORIGINAL
    (folder / "images").mkdir(parents=True)
    coarse = draw.integers(0, 256, (60, 100 + FRAMES, 3), np.uint8)
    for number, file in enumerate(files):
        shown = coarse[:, number : number + 100]
        smooth = cv2.resize(shown, (width, height), interpolation=cv2.INTER_CUBIC)
        grain = draw.normal(0, 4, smooth.shape)
        cv2.imwrite(str(file), np.clip(smooth + grain, 0, 255).astype(np.uint8))
    Camera(1260.0, 1260.0, 800.0, 450.0, width, height).write(folder / "camera.yaml", frame_rate=12)
    (folder / "sequence.yaml").write_text("condition: clear\n")
    (folder / "motion.csv").write_text("index,speed\n" + "".join(f"{one},10\n" for one in range(FRAMES)))
    return files


def steps(task: Task, source: BatchSource, loop: LoopSettings, device: torch.device) -> Work:
    """Steps of the training loop, data and optimiser included; losses are read every ``log_every``."""
    updates = Updates(Accelerator(device_placement=False, mixed_precision="no"), task, loop, device)
    updates.prepare()

    def run() -> Iterator[None]:
        for step, batches in enumerate(read_ahead(source, 0, loop, device)):
            arrived: list[Tensors] = [batch.to(device) for batch in batches]
            updates.step(arrived, "benchmark", step)
            yield

    running = run()
    return lambda: next(running)


def last(module: Any) -> Any:
    """With channels last."""
    return module.to(memory_format=torch.channels_last)


def plain_depths(network: DepthNet, features: Sequence[Tensor]) -> tuple[list[Tensor], Sequence[Tensor]]:
    """Inverse depths of the four scales as monodepth2 computes them, and the features."""
    decoder, x, found = network.decoder, features[-1], []

    def convolved(convolution: Any, image: Tensor) -> Tensor:
        return convolution(F.pad(image, (1, 1, 1, 1), mode="reflect"))

    for level in reversed(range(5)):
        x = F.interpolate(F.elu(convolved(decoder.before[level], x)), scale_factor=2.0, mode="nearest")
        x = torch.cat([x, features[level - 1]], 1) if level else x
        x = F.elu(convolved(decoder.after[level], x))
        if level < SCALES:
            sigmoid = torch.sigmoid(convolved(decoder.heads[level], x))
            found.insert(0, inverse_depth_from_sigmoid(sigmoid, decoder.min_depth, decoder.max_depth))
    return found, features


def plain_error(seen: Tensor, target: Tensor) -> Tensor:
    """Photometric error by average pooling, as monodepth2 has it."""
    x, y = (F.pad(image, (1, 1, 1, 1), mode="reflect") for image in (seen, target))

    def mean(image: Tensor) -> Tensor:
        return F.avg_pool2d(image, 3, 1)

    m, n = mean(x), mean(y)
    top = (2 * m * n + SSIM_C1) * (2 * (mean(x * y) - m * n) + SSIM_C2)
    bottom = (m**2 + n**2 + SSIM_C1) * (mean(x**2) - m**2 + mean(y**2) - n**2 + SSIM_C2)
    dissimilarity = ((1 - top / bottom) / 2).clamp(0, 1).mean(1, keepdim=True)
    return SSIM_PART * dissimilarity + (1 - SSIM_PART) * (seen - target).abs().mean(1, keepdim=True)


def peak_memory(folder: str) -> dict[str, float]:
    """GB at most of each variant, in a process of its own that makes three steps on what lies in a folder."""
    found = {}
    for name in STUDENT[:3] + TEACHER[:2]:
        command = [sys.executable, __file__, "--only", name, "--folder", folder, *sys.argv[1:]]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found[name] = json.loads(told)
    return found


def own_peak() -> float:
    """GB at most that this process held; what `resource` says includes the process that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1e6


def ratios(timed: dict[str, Any]) -> dict[str, float]:
    """How many times as many images a second, and steps over their floors."""
    seconds = {name: one.median for name, one in timed.items()}
    published, early, late, floor = (seconds[name] for name in STUDENT)
    of_teacher, teacher, networks = (seconds[name] for name in TEACHER)
    plain = (STUDENT[1], STUDENT[3], TEACHER[1])
    gains = {
        f"{name} / compiled": seconds[name] / seconds[other]
        for name, other in zip(plain, COMPILED, strict=True)
        if other in seconds
    }
    return gains | {
        "student before L_c: published / ours": published / early,
        "student with L_c: published / ours": published / late,
        "student before L_c / its own passes": early / floor,
        "student: published / floor": published / floor,
        "teacher: published / ours": of_teacher / teacher,
        "teacher / both networks' passes": teacher / networks,
        "teacher: published / floor": of_teacher / networks,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="320x576", help="height and width of the networks' input")
    parser.add_argument("--batch", type=int, default=4, help="images per step")
    parser.add_argument("--width", type=int, default=64, help="channels of the networks' first level")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--tiny-prior", action="store_true", help="a prior of toy size, to try the script")
    parser.add_argument("--compile", action="store_true", help="also with networks by torch.compile")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", action="store_true", help="also measure peak memory, in processes apart")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    size = parse_image_size(given.size)
    with TemporaryDirectory() as temporary:
        place = given.folder or temporary
        bench = Bench(Path(place), size, given.batch, given.width, given.tiny_prior, given.device)
        if given.only:
            work = bench.work(given.only)
            for _ in range(3):
                work()
            print(json.dumps(own_peak()))
            return
        names = STUDENT + TEACHER + (COMPILED if given.compile else ())
        timed = take_turns({name: bench.work(name) for name in names}, given.rounds)
        memory = peak_memory(place) if given.memory else {}
    found = ratios(timed)
    show(f"training steps, {given.size}, batches of {given.batch}, width {given.width}", timed, found)
    for name, seconds in timed.items():
        told = f", at most {memory[name]:.2f} GB" if name in memory else ""
        print(f"  {name:44} {given.batch / seconds.median:9.2f} images a second{told}")
    if given.out:
        settings = {
            name: value for name, value in vars(given).items() if name not in ("only", "folder", "out")
        }
        keep(given.out, settings, {"seconds": timed, "ratios": found, "peak GB": memory})


if __name__ == "__main__":
    main()

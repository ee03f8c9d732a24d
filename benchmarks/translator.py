"""Memory and speed of the translator, at the size of SD-Turbo, on random weights.

    python benchmarks/translator.py memory [--size 512x512] [--batch 1] [--updates apart] [--precision fp32]
    python benchmarks/translator.py speed [--model tiny] [--size 256x256]

``memory`` is the peak of a training step by phase: measured where there is a CUDA device, else counted on
fake tensors (see `fake_memory`), which needs neither the device nor the memory, but minutes. ``speed`` is
images per second of translation as it is meant to be run against the plainest way, taking turns.
"""

import argparse
import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from fake_memory import counting, fill
from sd_turbo import clip_discriminator, depth_anything_small, sd_turbo
from torch import Tensor
from turns import take_turns

from acdepth.cli.world import parse_image_size
from acdepth.core.batches import UnpairedBatch
from acdepth.core.condition import Condition
from acdepth.core.files import write_json
from acdepth.core.precision import fast_bfloat16
from acdepth.core.provenance import provenance
from acdepth.core.seeding import make_generator
from acdepth.diffusion.tiny import TinyDiffusionConfig, sd_turbo_schedule
from acdepth.engine import Leftovers
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.translator.adapters import merge
from acdepth.translator.discriminator import PatchDiscriminator
from acdepth.translator.feature_discriminators import ClipDiscriminator
from acdepth.translator.generator import Generator, build_generator
from acdepth.translator.perception import Perception
from acdepth.translator.settings import LoraSettings, TranslatorConfig, Updates
from acdepth.translator.task import TranslatorTask

GIB = 2**30
CARD = 24 * GIB
"""What a large consumer card has."""
NIGHT = Condition.NIGHT.index
LORA = {"turbo": LoraSettings(), "tiny": LoraSettings(unet_rank=8, vae_rank=4)}
WAYS = {
    "frugal, in turns": (True, False),
    "frugal, all passes at once": (True, True),
    "in turns": (False, False),
    "all passes at once": (False, True),
}
"""(whether memory is spared, whether the losses of an update's passes are summed for one backward pass)."""


class Meter(Protocol):
    """Bytes in use."""

    def held(self) -> int: ...
    def peak(self) -> int: ...
    def restart(self) -> None: ...


class CudaMeter:
    """What CUDA's allocator says."""

    held = staticmethod(torch.cuda.memory_allocated)
    peak = staticmethod(torch.cuda.max_memory_allocated)
    restart = staticmethod(torch.cuda.reset_peak_memory_stats)


@contextmanager
def measuring(task: TranslatorTask) -> Iterator[tuple[Meter, torch.device]]:
    """With the networks on the device, else with fake weights."""
    if torch.cuda.is_available():
        device = torch.device("cuda")
        task.to(device)
        task.to_device(device)
        yield CudaMeter(), device
    else:
        with counting() as meter:
            frozen = task.discriminator.frozen if isinstance(task.discriminator, ClipDiscriminator) else ()
            fill([task, task.perception.prior, *frozen])
            yield meter, torch.device("cpu")


@dataclass(frozen=True)
class Phase:
    """Bytes at the peak of a part of a training step."""

    name: str
    peak: int
    weights: int
    moments: int
    gradients: int
    """That were there when the phase began."""

    @property
    def passes(self) -> int:
        """All else: what the pass keeps for its way back, works with and leaves."""
        return self.peak - self.weights - self.moments - self.gradients


class Step:
    """The loop's step on a batch of noise, phase by phase."""

    def __init__(
        self, task: TranslatorTask, meter: Meter, device: torch.device, in_bfloat16: bool = False
    ) -> None:
        self.task, self.meter, self.device, self.in_bfloat16 = task, meter, device, in_bfloat16
        task.train()
        self.phases: list[Phase] = []
        self.weights = meter.held()
        self.parameters = [parameter for parameter in task.parameters() if parameter.requires_grad]
        # On CUDA this is AdamW's own choice.
        self.optimizer = torch.optim.AdamW(self.parameters, lr=1e-5, weight_decay=0.0, foreach=True)
        for parameter in self.parameters:
            parameter.grad = torch.zeros_like(parameter)
        self._apply()  # so that Adam has its moments, as in every step but the first
        self.moments = meter.held() - self.weights

    def run(self, batch: UnpairedBatch, at_once: bool) -> None:
        """One step."""
        self.phases, left = [], Leftovers()
        for update in self.task.updates:
            turns = [update.turns] if at_once else [(turn,) for turn in update.turns]
            for together in turns:
                name = " + ".join(together)
                with self._phase(f"{name}: forward"):
                    loss = torch.stack([self._loss(batch, turn, left) for turn in together]).sum()
                with self._phase(f"{name}: backward"):
                    loss.backward()
                    float(loss.detach())
                del loss
            with self._phase(f"{update.trains.strip('.')}: update"):
                self._apply(update.trains)

    def _loss(self, batch: UnpairedBatch, turn: str, left: Leftovers) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.in_bfloat16):
            terms = self.task(batch, make_generator(0, turn), 0.0, turn, left)
        return torch.stack(list(terms.values())).sum()

    def _apply(self, trains: str = "") -> None:
        learning = []
        for name, parameter in self.task.named_parameters():
            if name.startswith(trains):
                learning.append(parameter)
            else:
                parameter.grad = None
        torch.nn.utils.clip_grad_norm_(learning, 10.0, foreach=True)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        gradients = sum(one.grad.nbytes for one in self.parameters if one.grad is not None)
        self.meter.restart()
        yield
        self.phases.append(Phase(name, self.meter.peak(), self.weights, self.moments, gradients))


def make_generator_of(model: str) -> Generator:
    """Adapters on random weights of a size."""
    base = sd_turbo() if model == "turbo" else TinyDiffusionConfig().build(0)
    with torch.device("cpu"):  # its numbers are read, also where the networks have none
        base = replace(base, scheduler=sd_turbo_schedule())
    return build_generator(base, LORA[model], (Condition.CLEAR, Condition.NIGHT), seed=0)


def make_task(model: str, frugal: bool, updates: Updates) -> TranslatorTask:
    """The real task with the networks that it is trained with."""
    generator = make_generator_of(model)
    generator.adapt_whole(LORA[model], seed=0)
    if frugal:
        generator.spare_memory()
    discriminator = clip_discriminator() if model == "turbo" else PatchDiscriminator()
    prior = depth_anything_small() if model == "turbo" else DepthAnythingPrior.tiny(0)
    task = TranslatorTask(TranslatorConfig(updates=updates), generator, discriminator, Perception(prior))
    return task.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def memory_of(
    model: str,
    size: tuple[int, int],
    batch: int,
    frugal: bool,
    at_once: bool,
    updates: Updates = "apart",
    in_bfloat16: bool = False,
) -> list[Phase]:
    """Peaks of one training step, by phase.

    Args:
        model: ``turbo`` or ``tiny``.
        size: (height, width) of the images [px].
        batch: images of each kind.
        frugal: as in `TranslatorConfig`.
        at_once: sum the losses of an update's passes before one backward pass.
        updates: as in `TranslatorConfig`.
        in_bfloat16: compute in bfloat16 as the loop does with ``precision: bf16``.
    """
    with torch.device("cpu" if torch.cuda.is_available() else "meta"):
        task = make_task(model, frugal, updates)
    with measuring(task) as (meter, device):
        step = Step(task, meter, device, in_bfloat16)
        images = torch.rand(2, batch, 3, *size, device=device)
        conditions = torch.full((batch,), NIGHT, device=device)
        # On a device the first step also makes what libraries keep, and says how much they work with.
        for _ in range(2 if device.type == "cuda" else 1):
            step.run(UnpairedBatch(images[0], images[1], conditions), at_once)
        return step.phases


def memory(given: argparse.Namespace) -> dict[str, Any]:
    """Print tables, and give what is written to the file."""
    found: dict[str, Any] = {}
    how = "measured" if torch.cuda.is_available() else "counted on fake tensors"
    work = f"{given.size}, batch {given.batch}, {given.precision}, updates {given.updates}"
    print(f"GiB at the peak of a training step, {work}, {how}")
    size, bf16 = parse_image_size(given.size), given.precision == "bf16"
    for way, (frugal, at_once) in WAYS.items():
        try:
            phases = memory_of(given.model, size, given.batch, frugal, at_once, given.updates, bf16)
        except torch.cuda.OutOfMemoryError:
            print(f"\n{way}: more than the device has")
            found[way] = {"peak": None, "fits_24": False}
            continue
        peak = max(phase.peak for phase in phases)
        fits = "fits" if peak < CARD else "does not fit"
        print(f"\n{way}: {peak / GIB:.2f} GiB, {fits} 24")
        print(f"  {'':34} weights moments gradients  passes    peak")
        for phase in phases:
            parts = [phase.weights, phase.moments, phase.gradients, phase.passes, phase.peak]
            print(f"  {phase.name:34}" + "".join(f"{part / GIB:8.2f}" for part in parts))
        found[way] = {"peak": peak, "fits_24": peak < CARD, "phases": [asdict(phase) for phase in phases]}
    return found


def speed(given: argparse.Namespace) -> dict[str, Any]:
    """Images per second, batched and merged against one by one."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with device:  # random weights of this size are drawn there in a moment
        plain = make_generator_of(given.model).eval().requires_grad_(False)
    fast: Any = merge(copy.deepcopy(plain)).to(memory_format=torch.channels_last)
    dtype = torch.bfloat16 if fast_bfloat16(device) else torch.float32
    fast.to(dtype)
    if device.type == "cuda":
        fast.compile()
    images = torch.rand(given.batch, 3, *parse_image_size(given.size), device=device) * 2 - 1
    quick = images.to(dtype, memory_format=torch.channels_last)
    wanted = torch.full((given.batch,), NIGHT, device=device)

    def one_by_one() -> None:
        for row in range(given.batch):
            plain(images[row : row + 1], wanted[row : row + 1], "forth").cpu()

    with torch.inference_mode():
        # On the CPU in the end, because a device answers before it is done.
        works = {"plain": one_by_one, "meant": lambda: fast(quick, wanted, "forth").cpu()}
        seconds = {name: timed.median for name, timed in take_turns(works, given.rounds).items()}
    rates = {name: given.batch / value for name, value in seconds.items()}
    ratio = rates["meant"] / rates["plain"]
    compiled = ", compiled" if device.type == "cuda" else ""
    print(f"images per second, {given.model}, {given.size}, {provenance()['device']}")
    print(f"  {'float32, adapters apart, one by one':52} {rates['plain']:9.2f}")
    how = f"{str(dtype).removeprefix('torch.')}, merged, batches of {given.batch}{compiled}"
    print(f"  {how:52} {rates['meant']:9.2f}\n  {'ratio':52} {ratio:9.2f}")
    return {"images_per_second": rates, "ratio": ratio, "dtype": str(dtype), "compiled": bool(compiled)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("memory", "speed"))
    parser.add_argument("--model", choices=("turbo", "tiny"), help="size of the network")
    parser.add_argument("--size", help="height and width of the images")
    parser.add_argument("--batch", type=int, help="images of a training step, or of a batch of translations")
    parser.add_argument("--updates", choices=("apart", "together"), default="apart", help="of the training")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="fp32", help="of the training")
    parser.add_argument("--rounds", type=int, default=9, help="of the measurement of speed")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    training = given.part == "memory"
    able = training or torch.cuda.is_available()
    given.model = given.model or ("turbo" if able else "tiny")
    given.size = given.size or ("512x512" if able else "128x224")
    given.batch = given.batch or (1 if training else 8)
    found = memory(given) if training else speed(given)
    if given.out:
        machine = {**provenance(), "threads": torch.get_num_threads(), "cores": os.cpu_count()}
        settings = {
            name: getattr(given, name)
            for name in ("model", "size", "batch", "rounds", "updates", "precision")
        }
        ratios = {} if training else {"ours / float32, one by one": found["ratio"]}
        told = {"made_by": machine, "settings": settings, given.part: found, "ratios": ratios}
        write_json(given.out, told)


if __name__ == "__main__":
    main()

"""The benchmark's counter of memory against sizes that are known."""

import importlib
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from acdepth.core.batches import UnpairedBatch
from acdepth.translator.discriminator import PatchDiscriminator
from acdepth.translator.perception import Perception
from acdepth.translator.settings import TranslatorConfig
from acdepth.translator.task import TranslatorTask
from tests.translator.tiny import NIGHT, tiny_generator, tiny_prior

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
KIB = 1024


def load(name: str) -> ModuleType:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(BENCHMARKS))


fake_memory = load("fake_memory")


def peak_kib(work: Callable[[], object], fake: bool = True) -> float:
    with ExitStack() as stack:
        meter: Any = stack.enter_context(fake_memory.counting() if fake else fake_memory.LiveBytes())
        kept = work()
        peak = meter.peak() / KIB
        del kept
        assert meter.held() == 0
    return peak


def chain(layers: int, keep: bool) -> Tensor:
    """Sines of sines of 64 KiB, each of which keeps its input for the way back."""
    values = torch.zeros(128, 128, requires_grad=True)
    start = values
    for _ in range(layers):
        values = values.sin() if keep else checkpoint(torch.sin, values, use_reentrant=False)
    values.backward(torch.ones(1).expand(128, 128))
    assert start.grad is not None
    return start


def test_what_is_alive_counts_once_however_many_views_it_has():
    def work() -> Tensor:
        values = torch.zeros(256, 256)  # 256 KiB
        rows = [values[row] for row in range(256)]
        doubled = values * 2  # 256 KiB
        del values, rows
        more = torch.zeros(1024, 128)  # 512 KiB
        return more + doubled.view(-1)[0]  # 512 KiB

    assert peak_kib(work) == 256 + 512 + 512


def test_small_tensors_take_a_block():
    assert peak_kib(lambda: [torch.zeros(1) for _ in range(10)]) == 5


def test_the_way_back_holds_what_was_kept():
    # The inputs of ten layers and the last output, then cosine, gradient and product.
    assert peak_kib(lambda: chain(10, keep=True)) == pytest.approx(64 * (11 + 2), abs=1)


@pytest.mark.parametrize("keep", [True, False])
def test_fake_tensors_count_what_real_ones_do(keep):
    assert peak_kib(lambda: chain(6, keep)) == peak_kib(lambda: chain(6, keep), fake=False)


def test_shared_weights_count_once():
    with torch.device("meta"):
        first, second = nn.Linear(256, 256, bias=False), nn.Linear(256, 256, bias=False)
    second.weight = first.weight
    with fake_memory.counting() as meter:
        fake_memory.fill([first, second])
        assert second.weight is first.weight
        assert meter.held() == 256 * KIB


def test_normalisation_keeps_float32_as_on_cuda():
    def work() -> Tensor:
        values = torch.zeros(1, 8, 64, 64, dtype=torch.bfloat16)
        with torch.autocast("cpu", torch.bfloat16):
            made = nn.functional.group_norm(values, 2)
        assert made.dtype == torch.float32
        return made

    # Input, its copy in float32, output, and a block each for mean and deviation.
    assert peak_kib(work) == 64 + 128 + 128 + 1


def test_numbers_that_are_read_do_not_stop_it():
    def work() -> None:
        values = torch.zeros(3)
        assert not bool((values < 0).any())
        assert float(values.sum()) == 1

    peak_kib(work)


@pytest.mark.slow
def test_a_training_step_is_counted_by_phase():
    benchmark = load("translator")
    images = torch.rand(2, 1, 3, 32, 32)
    discriminator, perception = PatchDiscriminator(4), Perception(tiny_prior())
    task = TranslatorTask(TranslatorConfig(), tiny_generator(), discriminator, perception)
    trained = [parameter for parameter in task.parameters() if parameter.requires_grad]
    learning = [parameter for parameter in discriminator.parameters() if parameter.requires_grad]
    # The same bytes as with fake tensors, which only take longer.
    with fake_memory.LiveBytes() as meter:
        step = benchmark.Step(task, meter, torch.device("cpu"))
        step.run(UnpairedBatch(images[0], images[1], torch.tensor([NIGHT])), at_once=False)
    phases = {phase.name: phase for phase in step.phases}
    passes = ("forward", "backward")
    updates = [("generator", ("hold_forth", "hold_back")), ("generator", ("deceive_forth", "deceive_back"))]
    updates += [("generator", ("identity",)), ("discriminator", ("discriminator_fake",))]
    updates += [("discriminator", ("discriminator_real",))]
    expected = []
    for learns, turns in updates:
        expected += [*(f"{turn}: {way}" for turn in turns for way in passes), f"{learns}: update"]
    assert [phase.name for phase in step.phases] == expected
    # Two moments, and a number of steps, each in blocks.
    blocks = sum(-(-parameter.nbytes // fake_memory.BLOCK) for parameter in trained)
    assert {phase.moments for phase in step.phases} == {(2 * blocks + len(trained)) * fake_memory.BLOCK}
    assert phases["discriminator: update"].gradients == sum(parameter.nbytes for parameter in learning)
    assert all(phase.passes > 0 for phase in step.phases)

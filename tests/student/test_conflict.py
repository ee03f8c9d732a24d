"""What is done about L_d and L_r pulling apart: in the config, on a batch, and over whole trainings."""

from pathlib import Path

import pytest
import torch

from acdepth.core.batches import MixBatch
from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.core.errors import UserError
from acdepth.core.identity import Identity
from acdepth.core.seeding import make_generator
from acdepth.core.shipped import PRIOR
from acdepth.engine import LoopSettings, fit
from acdepth.engine.log import read_log
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.losses import UncertaintyWeights
from acdepth.student.settings import OrdinalOptions, StudentConfig
from acdepth.student.task import StudentTask

TEACHER = 8
"""Of a seed with which L_d and L_r pull apart in the first step, by a cosine of about -0.1."""
LOOP = LoopSettings(
    steps=2, batch_size=2, log_every=1, checkpoint_every=1, precision="fp32", device="cpu", trackers=()
)
CONFIG = StudentConfig(
    ordinal_weight=1.0,
    ordinal=OrdinalOptions(rank_on="log_depth", global_part=0.2),
    consistency_start=0.5,
    loop=LOOP,
)


def network(seed: int) -> DepthNet:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return DepthNet(DepthNetConfig(width=8), 15.0)


def make(**values: object) -> StudentTask:
    config = CONFIG.model_copy(update=values)
    return StudentTask(config, network(0), network(TEACHER), DepthAnythingPrior.from_pretrained(PRIOR))


def as_in_the_loop() -> StudentTask:
    """Pairs are drawn where the teacher is unsure, so that rounding counts, and so the memory's layout."""
    return make().train().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


class Source:
    def __init__(self, dies_at: int | None = None) -> None:
        self.dies_at = dies_at

    def batch(self, step: int) -> MixBatch:
        if step == self.dies_at:
            raise KeyboardInterrupt
        images = torch.rand(2, 2, 3, 64, 64, generator=make_generator(10, step))
        return MixBatch(images[0], images[1], torch.tensor([Condition.CLEAR.index, Condition.NIGHT.index]))


def train(folder: Path, conflict: str, dies_at: int | None = None, **loop: object) -> StudentTask:
    task = make(conflict=conflict)
    settings = LOOP.model_copy(update=loop)
    fit("student", task, lambda rank, count: Source(dies_at), settings, folder, Identity({"run": "the same"}))
    return task


def weights(task: StudentTask) -> dict[str, torch.Tensor]:
    return {name: value.detach() for name, value in task.state_dict().items()}


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def gradients(task: StudentTask, *names: str) -> dict[str, torch.Tensor | None]:
    """By parameter, of the sum of some terms of one batch."""
    terms = task(Source().batch(0), make_generator(0, "student", "step", 0, 0), 0.0)
    named = dict(task.student.named_parameters())
    total = torch.stack([terms[name] for name in names]).sum()
    return dict(zip(named, torch.autograd.grad(total, list(named.values()), allow_unused=True), strict=True))


def test_the_projected_gradient_is_that_of_the_paper_on_all_but_the_coarser_heads(tmp_path):
    """Against vectors taken by hand; Adam's first moment is a tenth of the first step's gradient."""
    from safetensors import safe_open

    train(tmp_path, "pcgrad", steps=1, gradient_clip=None)
    (state,) = tmp_path.glob("checkpoints/*")
    of_d, of_r = (gradients(as_in_the_loop(), name) for name in ("distillation", "ordinal"))
    own = {name for name, gradient in of_r.items() if gradient is None}
    assert own == {f"decoder.heads.{scale}.{part}" for scale in (1, 2, 3) for part in ("weight", "bias")}
    shared = [name for name in of_d if name not in own]
    d, r = (torch.cat([of[name].flatten() for name in shared]) for of in (of_d, of_r))
    assert d @ r < 0, "or nothing is shown"
    expected = (d - (d @ r) / (r @ r) * r) + (r - (d @ r) / (d @ d) * d)
    with safe_open(state, "pt") as stored:
        moments = {
            name: 10 * stored.get_tensor(f"optimizer.{index}.exp_avg") for index, name in enumerate(of_d)
        }
    found = torch.cat([moments[name].flatten() for name in shared])
    torch.testing.assert_close(found, expected, atol=1e-5 * float(expected.abs().max()), rtol=1e-3)
    for name in own:
        torch.testing.assert_close(moments[name], of_d[name])


def test_what_is_logged_is_the_angle_between_l_d_and_l_r(tmp_path):
    train(tmp_path, "none", steps=1, gradient_statistics_every=1)
    (line,) = read_log(tmp_path / "log.jsonl")
    of_d, of_r = (gradients(as_in_the_loop(), name) for name in ("distillation", "ordinal"))
    shared = [name for name, gradient in of_r.items() if gradient is not None]
    d, r = (torch.cat([of[name].flatten() for name in shared]) for of in (of_d, of_r))
    measured = line["gradients"]
    assert measured["distillation/ordinal/cosine"] == pytest.approx(
        float((d @ r) / d.norm() / r.norm()), rel=1e-3
    )
    assert measured["distillation/ordinal/norm_ordinal"] == pytest.approx(float(r.norm()), rel=1e-3)
    assert line["terms"].keys() == {"distillation", "ordinal"}


@pytest.mark.parametrize("conflict", ["none", "pcgrad", "dynamic"])
def test_measuring_changes_no_weight(tmp_path, conflict):
    measured = train(tmp_path / "measured", conflict, gradient_statistics_every=1)
    assert same(weights(measured), weights(train(tmp_path / "not", conflict)))
    lines = read_log(tmp_path / "measured" / "log.jsonl")
    assert all("distillation/ordinal/cosine" in line["gradients"] for line in lines)
    begun = ["distillation/consistency/cosine" in line["gradients"] for line in lines]
    assert begun == [False, True]


@pytest.mark.parametrize("conflict", ["pcgrad", "dynamic"])
def test_with_bfloat16_clipping_and_accumulation_a_run_that_dies_ends_like_an_unbroken_one(
    tmp_path, conflict
):
    values = {"precision": "bf16", "gradient_clip": 0.1, "accumulate": 2}
    unbroken = weights(train(tmp_path / "unbroken", conflict, **values))
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", conflict, dies_at=3, **values)
    assert same(weights(train(tmp_path / "broken", conflict, **values)), unbroken)
    assert not same(unbroken, weights(train(tmp_path / "other", "none", **values)))
    assert all(value.isfinite().all() for value in unbroken.values())


def test_dynamic_factors_start_at_one_and_find_the_inverse_of_a_loss_that_stays():
    factors = UncertaintyWeights(("small", "large"))
    losses = {"small": torch.tensor(0.25), "large": torch.tensor(3.0)}
    start = factors(losses)
    assert start["small"] == 0.25 and start["large"] == 3.0 and start["large_log_scale"] == 0
    optimizer = torch.optim.SGD(factors.parameters(), lr=0.5)
    for _ in range(100):
        optimizer.zero_grad()
        torch.stack(list(factors(losses).values())).sum().backward()
        optimizer.step()
    assert {name: float((-s.detach()).exp()) for name, s in factors.log_scales.items()} == pytest.approx(
        {"small": 4.0, "large": 1 / 3}, rel=1e-3
    )


def test_dynamic_factors_leave_l_c_alone_and_learn_at_their_own_rate(tmp_path):
    batch, generator = Source().batch(0), make_generator(0)
    plain = make()(batch, make_generator(0), 1.0)
    dynamic = make(conflict="dynamic")(batch, generator, 1.0)
    for name, value in plain.items():
        torch.testing.assert_close(dynamic[name], value)
    assert dynamic.keys() - plain.keys() == {"distillation_log_scale", "ordinal_log_scale"}
    for rate in (1.0, 20.0):
        task = make(conflict="dynamic", dynamic_rate=rate)
        one = LOOP.model_copy(update={"steps": 1, "learning_rate": 1e-3})
        fit("student", task, lambda rank, count: Source(), one, tmp_path / str(rate), Identity({"run": "x"}))
        assert task.factors is not None
        moved = task.factors.log_scales["distillation"].abs()
        torch.testing.assert_close(moved.detach(), torch.tensor(1e-3 * rate), rtol=1e-2, atol=0)


def test_a_conflict_needs_both_losses():
    with pytest.raises(UserError, match="conflict pcgrad is between L_d and L_r, but ordinal_weight is 0"):
        StudentConfig.from_dict({"conflict": "pcgrad", "ordinal_weight": 0.0}, "here")
    StudentConfig.from_dict({"ordinal_weight": 0.0}, "here")


def test_whether_gradients_are_measured_tells_no_run_from_another():
    measured = CONFIG.model_copy(update={"loop": LOOP.model_copy(update={"gradient_statistics_every": 5})})
    assert Identity.of(measured) == Identity.of(CONFIG)
    assert isinstance(CONFIG, Config) and CONFIG.conflict == "none"

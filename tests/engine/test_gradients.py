"""Gradients of loss terms: compared without a trace, and projected where they conflict."""

import math
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import Tensor, nn

from acdepth.core.identity import Identity
from acdepth.core.seeding import make_generator
from acdepth.engine import LoopSettings, Task, fit
from acdepth.engine.gradients import compare_gradients, project_conflicts
from acdepth.engine.log import read_log
from tests.engine.points import Points, Source

SETTINGS = LoopSettings(
    steps=12, batch_size=2, learning_rate=0.01, decay_at=(), gradient_clip=None, log_every=3,
    checkpoint_every=3, precision="fp32", device="cpu", trackers=(),
)  # fmt: skip


def test_two_conflicting_gradients_by_hand():
    """g1 = (1, 0) and g2 = (-1, 1): g1 + g2 / 2 = (1/2, 1/2) and g2 + g1 = (0, 1)."""
    found = project_conflicts(torch.tensor([[1.0, 0.0], [-1.0, 1.0]]), make_generator(0))
    torch.testing.assert_close(found, torch.tensor([0.5, 1.5]))


def test_gradients_that_agree_are_added():
    rows = torch.tensor([[1.0, 0.0, 2.0], [0.5, 3.0, 0.0]])
    torch.testing.assert_close(project_conflicts(rows, make_generator(0)), rows.sum(0))


def slow_twin(rows: Tensor, generator: torch.Generator) -> Tensor:
    """Yu et al., algorithm 1, on the vectors themselves."""
    total = torch.zeros_like(rows[0])
    for own, gradient in enumerate(rows):
        gradient = gradient.clone()
        for other in torch.randperm(len(rows), generator=generator).tolist():
            if other != own and torch.dot(gradient, rows[other]) < 0:
                gradient -= torch.dot(gradient, rows[other]) / rows[other].square().sum() * rows[other]
        total += gradient
    return total


@pytest.mark.parametrize("count", [2, 3, 5])
def test_many_gradients_are_projected_as_one_by_one(count):
    for seed in range(20):
        rows = torch.randn(count, 7, generator=make_generator(seed, count))
        found = project_conflicts(rows, make_generator(seed))
        torch.testing.assert_close(found, slow_twin(rows, make_generator(seed)), atol=1e-5, rtol=1e-4)
        if count == 2:
            assert (rows @ found >= -1e-5).all(), "what is left works against neither"


def test_the_order_is_drawn_and_matters_from_three_terms_on():
    rows = torch.randn(3, 3, generator=make_generator(5))
    rows -= rows.mean(0)  # three that pull apart
    found = {tuple(project_conflicts(rows, make_generator(seed)).tolist()) for seed in range(20)}
    assert len(found) > 1
    assert len({tuple(project_conflicts(rows[:2], make_generator(seed)).tolist()) for seed in range(20)}) == 1


def test_a_gradient_of_zero_is_passed_over():
    rows = torch.tensor([[0.0, 0.0], [-1.0, 1.0]])
    assert project_conflicts(rows, make_generator(0)).tolist() == [-1.0, 1.0]


def test_angles_and_norms_are_those_of_what_is_shared():
    everywhere, front = torch.tensor([True, True, True]), torch.tensor([True, True, False])
    gradients = {"a": torch.tensor([2.0, 0.0, 9.0]), "b": torch.tensor([-3.0, 3.0, 0.0]), "c": torch.zeros(3)}
    found = compare_gradients(gradients, {"a": everywhere, "b": front, "c": everywhere})
    assert found == pytest.approx(
        {"a/b/cosine": -math.sqrt(0.5), "a/b/opposed": 1.0, "a/b/norm_a": 2.0, "a/b/norm_b": math.sqrt(18)}
    )
    apart = compare_gradients(gradients, {"a": front, "b": ~front, "c": front})
    assert apart == {}


class Torn(Task):
    """Two terms that want a shared layer to say two things, one with a layer of its own, and a third term."""

    def __init__(self, projected: tuple[str, ...] = ()) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.shared, self.own, self.idle = nn.Linear(3, 2), nn.Linear(2, 1), nn.Linear(1, 1)
        self.projected = projected

    def forward(self, batch: Points, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        said = torch.tanh(self.shared(batch.x))
        return {
            "up": (said - 1).square().mean() + 0.1 * self.own(said).square().mean(),
            "down": 0.5 * (said + 1).square().mean()
            + 0.1 * torch.rand((), generator=generator) * said.mean(),
            "small": 0.1 * self.shared.weight.square().sum(),
        }


def train(folder: Path, projected: tuple[str, ...] = (), source: Source | None = None, **values: object):
    task, settings = Torn(projected), SETTINGS.model_copy(update=values)
    fit("torn", task, lambda rank, count: source or Source(), settings, folder, made_from=Identity())
    return {name: value.detach() for name, value in task.named_parameters()}


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


def by_hand() -> dict[str, dict[str, Tensor]]:
    """Each term's gradients in the first step."""
    found = {}
    for term in ("up", "down", "small"):
        task = Torn()
        task(Source().batch(0), make_generator(0, "torn", "step", 0, 0), 0.0)[term].backward()
        found[term] = {name: p.grad for name, p in task.named_parameters() if p.grad is not None}
    return found


def flat(gradients: dict[str, Tensor]) -> Tensor:
    return torch.cat([gradients[name].flatten() for name in ("shared.weight", "shared.bias")])


def first_moments(folder: Path) -> list[Tensor]:
    """Adam's, a tenth of the gradient after one step: shared weight and bias, own weight and bias."""
    (state,) = folder.glob("checkpoints/*")
    with safe_open(state, "pt") as stored:
        return [stored.get_tensor(f"optimizer.{index}.exp_avg") for index in range(4)]


def test_the_optimiser_sees_the_projected_gradient_of_what_is_shared_and_the_rest_as_it_is(tmp_path):
    one = {"steps": 1, "log_every": 1, "checkpoint_every": 1}
    train(tmp_path, ("up", "down"), **one)
    terms = by_hand()
    assert flat(terms["up"]) @ flat(terms["down"]) < 0, "or nothing is shown"
    expected = slow_twin(torch.stack([flat(terms["up"]), flat(terms["down"])]), make_generator(0))
    expected[:6] += terms["small"]["shared.weight"].flatten()
    moments = first_moments(tmp_path)
    torch.testing.assert_close(10 * torch.cat([m.flatten() for m in moments[:2]]), expected)
    torch.testing.assert_close(10 * moments[2], terms["up"]["own.weight"])


def test_what_is_clipped_is_the_projected_gradient(tmp_path):
    train(tmp_path, ("up", "down"), steps=1, log_every=1, checkpoint_every=1, gradient_clip=1e-3)
    norm = torch.cat([moment.flatten() for moment in first_moments(tmp_path)]).norm()
    torch.testing.assert_close(norm, torch.tensor(1e-4), rtol=1e-2, atol=0)


def test_projecting_one_term_alone_is_adding_it(tmp_path):
    plain, alone = train(tmp_path / "plain"), train(tmp_path / "alone", ("up",))
    for name, value in plain.items():
        torch.testing.assert_close(alone[name], value, atol=1e-5, rtol=1e-5)
    assert not same(plain, train(tmp_path / "both", ("up", "down")))


@pytest.mark.parametrize("projected", [(), ("up", "down")])
def test_measuring_changes_no_weight_and_no_loss(tmp_path, projected):
    measured = train(tmp_path / "measured", projected, gradient_statistics_every=2)
    assert same(measured, train(tmp_path / "not", projected))
    with_it, without = (read_log(tmp_path / name / "log.jsonl") for name in ("measured", "not"))
    assert [line["terms"] for line in with_it] == [line["terms"] for line in without]
    assert all("gradients" in line for line in with_it) and not any("gradients" in line for line in without)


def test_what_is_logged_is_measured_on_the_shared_layer(tmp_path):
    train(tmp_path, steps=1, log_every=1, checkpoint_every=1, gradient_statistics_every=1)
    (line,) = read_log(tmp_path / "log.jsonl")
    terms = by_hand()
    up, down = flat(terms["up"]), flat(terms["down"])
    found = {name: value for name, value in line["gradients"].items() if name.startswith("up/down/")}
    assert found == pytest.approx(
        {
            "up/down/cosine": float(torch.cosine_similarity(up, down, dim=0)),
            "up/down/opposed": 1.0,
            "up/down/norm_up": float(up.norm()),
            "up/down/norm_down": float(down.norm()),
        },
        rel=1e-5,
    )
    weights = terms["down"]["shared.weight"].norm()  # "small" knows no bias
    assert line["gradients"]["down/small/norm_down"] == pytest.approx(float(weights), rel=1e-5)


def test_a_line_holds_the_mean_of_the_steps_that_were_measured(tmp_path):
    train(tmp_path / "each", log_every=1, gradient_statistics_every=2)
    train(tmp_path / "all", log_every=3, gradient_statistics_every=2)
    each = [line.get("gradients") for line in read_log(tmp_path / "each" / "log.jsonl")]
    assert [found is not None for found in each] == [True, False] * 6
    cosines = [found["up/down/cosine"] for found in each if found]
    first, second, *_ = read_log(tmp_path / "all" / "log.jsonl")  # steps 0 to 2, 3 to 5
    assert first["gradients"]["up/down/cosine"] == pytest.approx(sum(cosines[:2]) / 2)
    assert second["gradients"]["up/down/cosine"] == pytest.approx(cosines[2])


def test_two_batches_of_one_are_one_batch_of_two(tmp_path):
    """The projection comes once, after the gradients of each term are averaged."""

    class Even(Torn):
        def forward(self, batch, generator, progress):
            return super().forward(batch, make_generator(0), progress)

    ends = []
    for folder, source, values in (
        ("whole", Source(), {}),
        ("split", Source(batch_size=1), {"batch_size": 1, "accumulate": 2}),
    ):
        task = Even(("up", "down"))
        settings = SETTINGS.model_copy(update={**values, "gradient_statistics_every": 1})
        fit("torn", task, lambda rank, count, source=source: source, settings, tmp_path / folder, Identity())
        lines = read_log(tmp_path / folder / "log.jsonl")
        ends.append((dict(task.named_parameters()), [line["gradients"]["up/down/cosine"] for line in lines]))
    (whole, angles), (split, others) = ends
    for name, value in whole.items():
        torch.testing.assert_close(split[name], value, atol=1e-5, rtol=1e-4)
    assert others == pytest.approx(angles, rel=1e-3)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_run_that_dies_ends_like_an_unbroken_one(tmp_path, accumulate):
    values = {"accumulate": accumulate, "gradient_statistics_every": 2}
    unbroken = train(tmp_path / "unbroken", ("up", "down"), **values)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "broken", ("up", "down"), Source(dies_at=8 * accumulate), **values)
    assert same(train(tmp_path / "broken", ("up", "down"), **values), unbroken)
    lines = [
        [(line["step"], line["loss"], line["gradients"]) for line in read_log(tmp_path / name / "log.jsonl")]
        for name in ("unbroken", "broken")
    ]
    assert lines[0] == lines[1]

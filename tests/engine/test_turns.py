"""Tasks played in turns: whose gradients add up, who learns from them, and what a state holds."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from torch import Tensor, nn

from acdepth.core.config import Config
from acdepth.core.identity import Identity
from acdepth.engine import Leftovers, LoopSettings, Task, TurnTask, Update, fit
from acdepth.engine.log import read_log
from tests.engine.points import Points, Source

SETTINGS = LoopSettings(
    steps=6, batch_size=2, learning_rate=0.01, decay_at=(), gradient_clip=None, log_every=1,
    checkpoint_every=2, precision="fp32", device="cpu", trackers=(),
)  # fmt: skip


class Duel(TurnTask):
    """A maker that learns in two turns, a judge that learns from what the maker left, and a frozen layer."""

    updates = (Update(("up", "down"), trains="maker."), Update(("judge",), trains="judge.", rate=0.5))

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.maker = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3))
        self.judge = nn.Linear(3, 1)
        self.maker[2].requires_grad_(False)
        self.seen: list[dict[str, Tensor]] = []

    def forward(
        self,
        batch: Points,
        generator: torch.Generator,
        progress: float,
        turn: str = "",
        leftovers: Leftovers | None = None,
    ) -> dict[str, Tensor]:
        assert leftovers is not None
        self.seen.append({name: value.detach().clone() for name, value in self.named_parameters()})
        if turn == "judge":
            return {"judge": (self.judge(leftovers.tensors["up"]) - 1).square().mean()}
        made = self.maker(batch.x if turn == "up" else -batch.x)
        leftovers.tensors[turn] = made.detach()
        leftovers.statistics[f"size_{turn}"] = float(made.detach().abs().mean())
        return {turn: self.judge(made).square().mean() + made.square().mean()}


class Sum(Task):
    """The maker's two turns as one loss, against a judge that stands still."""

    def __init__(self) -> None:
        super().__init__()
        self.duel = Duel()
        self.duel.judge.requires_grad_(False)

    def forward(self, batch: Points, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        return {
            turn: self.duel(batch, generator, progress, turn, Leftovers())[turn] for turn in ("up", "down")
        }


def train(task: Task, folder: Path, source: Source | None = None, **values: object) -> dict[str, Tensor]:
    settings = SETTINGS.model_copy(update=values)
    fit("turns", task, lambda rank, count: source or Source(), settings, folder, made_from=Identity())
    return {name: value.detach() for name, value in task.named_parameters()}


def names_in(state: Path) -> list[str]:
    with safe_open(state, "pt") as stored:
        return list(stored.keys())


def same(first: dict[str, Tensor], second: dict[str, Tensor], beginning: str = "") -> bool:
    return all(torch.equal(first[name], second[name]) for name in first if name.startswith(beginning))


def test_gradients_of_turns_add_up(tmp_path):
    """Over one step, in which the judge has not yet moved."""
    in_turns = train(Duel(), tmp_path / "a", steps=1, checkpoint_every=1)
    at_once = train(Sum(), tmp_path / "b", steps=1, checkpoint_every=1)
    for name, value in in_turns.items():
        if name.startswith("maker."):
            torch.testing.assert_close(value, at_once[f"duel.{name}"], atol=1e-6, rtol=1e-6)


def test_each_update_moves_its_own_parameters_and_no_others(tmp_path):
    task = Duel()
    end = train(task, tmp_path, steps=1, checkpoint_every=1)
    start, second, after_maker = task.seen
    assert same(start, second), "nothing moves between two turns of one update"
    assert same(start, after_maker, "judge.") and not same(start, after_maker, "maker.0.")
    assert same(after_maker, end, "maker.") and not same(after_maker, end, "judge.")
    assert same(start, end, "maker.2."), "frozen"


def test_an_update_has_its_own_rate(tmp_path):
    """Adam's first step is as long as the learning rate, whatever the gradient."""
    task = Duel()
    end = train(task, tmp_path, steps=1, checkpoint_every=1)
    start = task.seen[0]
    maker, judge = ((end[name] - start[name]).abs().max() for name in ("maker.0.weight", "judge.weight"))
    torch.testing.assert_close(maker, torch.tensor(0.01), atol=1e-5, rtol=0)
    torch.testing.assert_close(judge, torch.tensor(0.005), atol=1e-5, rtol=0)


def test_what_is_clipped_is_the_gradient_of_the_update_alone(tmp_path):
    """SGD would show it directly; Adam does in its first moment, a tenth of the clipped gradient."""
    train(Duel(), tmp_path, steps=1, checkpoint_every=1, gradient_clip=1e-3)
    (state,) = tmp_path.glob("checkpoints/*")
    with safe_open(state, "pt") as stored:
        moments = [stored.get_tensor(f"optimizer.{index}.exp_avg") for index in range(4)]
    for of_update in (moments[:2], moments[2:]):
        norm = torch.cat([moment.flatten() for moment in of_update]).norm()
        torch.testing.assert_close(norm, torch.tensor(1e-4), rtol=1e-2, atol=0)


def test_terms_and_statistics_are_logged(tmp_path):
    train(Duel(), tmp_path)
    lines = read_log(tmp_path / "log.jsonl")
    assert [line["step"] for line in lines] == list(range(1, 7))
    terms = lines[0]["terms"]
    assert set(terms) == {"up", "down", "judge", "size_up", "size_down"}
    assert lines[0]["loss"] == pytest.approx(terms["up"] + terms["down"] + terms["judge"])
    x, task = Source().batch(0).x, Duel().requires_grad_(False)
    assert terms["size_up"] == pytest.approx(float(task.maker(x).abs().mean()), rel=1e-5)
    assert terms["up"] == pytest.approx(
        float(task.judge(task.maker(x)).square().mean() + task.maker(x).square().mean()), rel=1e-5
    )


def test_two_batches_of_one_are_one_batch_of_two(tmp_path):
    whole = train(Duel(), tmp_path / "whole")
    split = train(Duel(), tmp_path / "split", Source(batch_size=1), batch_size=1, accumulate=2)
    for name, value in whole.items():
        torch.testing.assert_close(split[name], value, atol=1e-5, rtol=1e-5)
    first, second = (read_log(tmp_path / name / "log.jsonl") for name in ("whole", "split"))
    for line, other in zip(first, second, strict=True):
        assert other["step"] == line["step"] and other["loss"] == pytest.approx(line["loss"], rel=1e-4)
        assert other["terms"] == pytest.approx(line["terms"], rel=1e-4)


def test_accumulating_also_serves_a_task_without_turns(tmp_path):
    whole = train(Sum(), tmp_path / "whole")
    split = train(Sum(), tmp_path / "split", Source(batch_size=1), batch_size=1, accumulate=2)
    for name, value in whole.items():
        torch.testing.assert_close(split[name], value, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("accumulate", "workers"), [(1, 0), (2, 0), (2, 1)])
def test_a_run_that_dies_ends_like_an_unbroken_one(tmp_path, accumulate, workers):
    values = {"accumulate": accumulate, "workers": workers}
    unbroken = train(Duel(), tmp_path / "unbroken", **values)
    with pytest.raises(KeyboardInterrupt):
        train(Duel(), tmp_path / "broken", Source(dies_at=3 * accumulate), accumulate=accumulate)
    states = sorted(path.name for path in (tmp_path / "broken" / "checkpoints").iterdir())
    assert states == ["step_0000002.safetensors"]
    assert same(train(Duel(), tmp_path / "broken", **values), unbroken)
    first, second = (read_log(tmp_path / name / "log.jsonl") for name in ("unbroken", "broken"))
    assert [line["loss"] for line in first] == [line["loss"] for line in second]


def test_frozen_parameters_are_not_in_a_state_and_stay_what_they_are_given_as(tmp_path):
    train(Duel(), tmp_path, steps=4)
    newest = sorted(tmp_path.glob("checkpoints/*"))[-1]
    learning = [f"task.{part}.{kind}" for part in ("maker.0", "judge") for kind in ("weight", "bias")]
    assert sorted(name for name in names_in(newest) if name.startswith("task.")) == sorted(learning)
    other = Duel()
    nn.init.constant_(other.maker[2].weight, 7.0)
    end = train(other, tmp_path, steps=4)
    assert end["maker.2.weight"].eq(7).all()


def test_shared_frozen_parameters_are_in_no_state_under_either_name(tmp_path):
    class Shared(Duel):
        def __init__(self) -> None:
            super().__init__()
            self.again = nn.Linear(4, 3)
            self.again.weight, self.again.bias = self.maker[2].weight, self.maker[2].bias

    train(Shared(), tmp_path, steps=2)
    (state,) = tmp_path.glob("checkpoints/*")
    assert not [name for name in names_in(state) if "again" in name or "maker.2" in name]
    train(Shared(), tmp_path, steps=2)


def test_the_callback_comes_after_each_saved_state(tmp_path):
    calls: list[tuple[int, list[str]]] = []

    def on_interval(step: int) -> None:
        calls.append((step, sorted(path.name for path in tmp_path.glob("checkpoints/*"))))

    settings = SETTINGS.model_copy(update={"steps": 5})
    for _ in range(2):
        fit("turns", Duel(), lambda rank, count: Source(), settings, tmp_path, Identity(), on_interval)
    assert [step for step, _ in calls] == [2, 4, 5]
    assert all(f"step_{step:07d}.safetensors" in states for step, states in calls)


def test_what_is_incidental_is_left_out_of_every_loop():
    class TwoLoops(Config):
        weight: float = 1.0
        first: LoopSettings = SETTINGS
        second: LoopSettings = SETTINGS

    def shape(**values: object) -> dict[str, object]:
        return dict(Identity.of(TwoLoops(second=SETTINGS.model_copy(update=values))).values)

    assert shape(workers=4, checkpoint_every=3) == shape()
    assert shape(accumulate=2) != shape() and shape(steps=9) != shape()
    assert "workers" not in str(shape())


def test_some_parameters_may_learn_faster(tmp_path):
    task = Duel()
    task.rates = {"maker.0.bias": 3.0}
    end = train(task, tmp_path, steps=1, checkpoint_every=1)
    start = task.seen[0]
    moved = {name: float((end[name] - start[name]).abs().max()) for name in end}
    assert moved["maker.0.bias"] == pytest.approx(0.03, abs=1e-5)
    assert moved["maker.0.weight"] == pytest.approx(0.01, abs=1e-5)
    longer = train(Duel(), tmp_path / "whole", steps=4, checkpoint_every=1)
    stopped = Duel()
    stopped.rates = task.rates
    assert not same(longer, train(stopped, tmp_path / "faster", steps=4, checkpoint_every=1))


class Eager(Duel):
    """A judge that learns three times from what the maker left."""

    updates = (Duel.updates[0], Update(("judge",), trains="judge.", rate=0.5, times=3))


def test_an_update_is_done_as_often_as_it_says_and_logged_as_its_mean(tmp_path):
    eager = Eager()
    train(eager, tmp_path, steps=1, checkpoint_every=1)
    makers, judges = eager.seen[:2], eager.seen[2:]
    assert len(makers) == 2 and len(judges) == 3
    assert all(same(judges[0], later, "maker.") for later in judges)
    assert not same(judges[0], judges[1], "judge.") and not same(judges[1], judges[2], "judge.")
    single = Duel()
    train(single, tmp_path / "single", steps=1, checkpoint_every=1)
    assert same(single.seen[-1], judges[0])
    first, mean = (
        read_log(folder / "log.jsonl")[0]["terms"]["judge"] for folder in (tmp_path / "single", tmp_path)
    )
    assert 0 < mean < first


def test_adam_forgets_as_the_settings_say(tmp_path):
    ends = []
    for beta1 in (0.9, 0.0):
        duel = Duel()
        settings = SETTINGS.model_copy(update={"beta1": beta1})
        fit("duel", duel, lambda rank, count: Source(2), settings, tmp_path / str(beta1), Identity())
        ends.append(duel.maker[0].weight.detach().clone())
    assert not torch.equal(*ends)

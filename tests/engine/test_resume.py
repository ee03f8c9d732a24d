"""A run stopped or damaged and started again ends with the same weights; tests/faults kills it."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from acdepth.core.batches import Tensors
from acdepth.core.errors import UserError
from acdepth.core.identity import Identity
from acdepth.core.seeding import make_generator
from acdepth.engine import LoopSettings, Task, fit
from acdepth.engine.log import read_log

SETTINGS = LoopSettings(
    steps=40, batch_size=4, log_every=5, checkpoint_every=5, precision="fp32", device="cpu", trackers=()
)


@dataclass(frozen=True)
class Points(Tensors):
    x: Tensor


class Source:
    def batch(self, step: int) -> Points:
        return Points(torch.randn(4, 3, 8, 8, generator=make_generator(0, step)))


class Stop(Exception):
    pass


class StopAt(Source):
    """A run that dies after it has logged beyond its last saved state."""

    def __init__(self, step: int) -> None:
        self.last = step

    def batch(self, step: int) -> Points:
        if step == self.last:
            raise Stop
        return super().batch(step)


class Fit(Task):
    """Convolution, BatchNorm and a draw per step: everything that a resumed run could get wrong."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 1, 3))

    def forward(self, batch: Points, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        target = torch.rand(1, generator=generator)
        return {
            "far": (self.net(batch.x) - target).square().mean(),
            "late": progress * self.net(batch.x).mean() ** 2,
        }


def train(folder: Path, settings: LoopSettings = SETTINGS) -> Fit:
    task = Fit()
    fit("test", task, lambda rank, count: Source(), settings, folder, Identity())
    return task


class StopsWithin(Fit):
    """Somebody asks to stop within one step, and again as often as told."""

    def __init__(self, step: int, times: int = 1) -> None:
        super().__init__()
        self.left, self.times = step, times

    def forward(self, batch: Points, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        if self.left == 0:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGTERM)
        self.left -= 1
        return super().forward(batch, generator, progress)


@pytest.mark.parametrize("workers", [0, 1])
def test_asked_to_stop_it_saves_the_step_and_ends_like_an_unbroken_run(tmp_path: Path, workers: int) -> None:
    unbroken = train(tmp_path / "unbroken").state_dict()
    stopped, settings = tmp_path / "stopped", SETTINGS.model_copy(update={"workers": workers})
    for step, saved in ((7, 8), (0, 9), (5, 15)):  # the last is at a state of the usual kind
        task = StopsWithin(step)
        with pytest.raises(KeyboardInterrupt):
            fit("test", task, lambda rank, count: Source(), settings, stopped, Identity())
        assert _newest(stopped) == saved
    resumed = train(stopped).state_dict()
    assert all(torch.equal(resumed[name], unbroken[name]) for name in unbroken)
    lines = [
        [(line["step"], line["loss"], line["terms"]) for line in read_log(folder / "log.jsonl")]
        for folder in (stopped, tmp_path / "unbroken")
    ]
    assert lines[0] == lines[1] and [step for step, *_ in lines[0]] == list(range(5, 41, 5))


def test_two_signals_at_once_are_one_wish_and_lose_no_step(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        fit("test", StopsWithin(7, times=2), lambda rank, count: Source(), SETTINGS, tmp_path, Identity())
    assert _newest(tmp_path) == 8


def test_who_asks_twice_stops_at_once_and_handlers_are_as_before(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("acdepth.core.stopping.AT_ONCE", 0.0)
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(KeyboardInterrupt):
        fit("test", StopsWithin(7, times=2), lambda rank, count: Source(), SETTINGS, tmp_path, Identity())
    assert _newest(tmp_path) == 5
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_batch_that_cannot_be_read_in_another_process_is_told_as_here(tmp_path: Path) -> None:
    class Unreadable(Source):
        def batch(self, step: int) -> Points:
            raise UserError("shards/000001.bin", "is gone", "copy it again")

    settings = SETTINGS.model_copy(update={"workers": 1})
    with pytest.raises(UserError, match=r"shards/000001\.bin: is gone; copy it again"):
        fit("test", Fit(), lambda rank, count: Unreadable(), settings, tmp_path, Identity())


def _newest(folder: Path) -> int:
    return int(sorted(folder.glob("checkpoints/step_*"))[-1].stem.removeprefix("step_"))


def test_what_follows_a_state_is_asked_for_again_where_a_run_goes_on_from_one(tmp_path: Path) -> None:
    """A kill may have come between."""
    asked: list[int] = []

    def go_on(task: Fit) -> None:
        source = lambda rank, count: Source()  # noqa: E731
        fit("test", task, source, SETTINGS, tmp_path, Identity(), on_resume=asked.append)

    for step in (7, 6):  # which save states of 8 and of 15 steps
        with pytest.raises(KeyboardInterrupt):
            go_on(StopsWithin(step))
    assert asked == []
    go_on(Fit())
    assert asked == [15]


def test_another_runs_folder_is_refused(tmp_path: Path) -> None:
    train(tmp_path)
    with pytest.raises(UserError, match="other settings or data"):
        fit("test", Fit(), lambda rank, count: Source(), SETTINGS, tmp_path, Identity({"data": "other"}))


def test_a_damaged_newest_state_falls_back_to_the_one_before_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    unbroken = train(tmp_path).state_dict()
    before, newest = sorted(tmp_path.glob("checkpoints/*"))
    newest.write_bytes(newest.read_bytes()[:500])
    resumed = train(tmp_path).state_dict()
    assert all(torch.equal(resumed[name], unbroken[name]) for name in unbroken)
    (warning,) = [record.getMessage() for record in caplog.records if record.name == "acdepth"]
    assert f"{newest.name} is damaged" in warning and f"going on from {before.name}" in warning
    assert [line["step"] for line in read_log(tmp_path / "log.jsonl")] == list(range(5, 41, 5))


def test_a_damaged_state_does_not_outlive_those_that_are_saved_after_it(tmp_path: Path) -> None:
    train(tmp_path, settings=SETTINGS.model_copy(update={"checkpoint_every": 20}))
    (tmp_path / "checkpoints" / "step_0000040.safetensors").write_bytes(b"")
    with pytest.raises(Stop):
        fit("test", Fit(), lambda rank, count: StopAt(31), SETTINGS, tmp_path, Identity())
    assert [int(path.stem[5:]) for path in sorted(tmp_path.glob("checkpoints/*"))] == [25, 30]


def test_where_all_states_are_damaged_each_is_named(tmp_path: Path) -> None:
    train(tmp_path)
    states = sorted(tmp_path.glob("checkpoints/*"))
    for state in states:
        state.write_bytes(state.read_bytes()[:500])
    with pytest.raises(UserError, match=f"{states[1].name} is damaged.*{states[0].name} is damaged"):
        train(tmp_path)


def test_a_longer_run_is_refused_by_the_settings_name_and_goes_on_where_that_is_asked_for(
    tmp_path: Path,
) -> None:
    def run(steps: int, seed: int = 0, extend: bool = False) -> Fit:
        settings = SETTINGS.model_copy(update={"steps": steps, "extend": extend})
        task, made_from = Fit(), Identity({"loop.steps": steps, "loop.seed": seed})
        fit("test", task, lambda rank, count: Source(), settings, tmp_path, made_from)
        return task

    first = run(20).state_dict()
    with pytest.raises(UserError, match=r"loop\.steps: 20 → 40\); --loop\.extend goes on from"):
        run(40)
    with pytest.raises(UserError, match=r"loop\.seed: 0 → 1; loop\.steps: 20 → 40\); give another --out"):
        run(40, seed=1, extend=True)
    with pytest.raises(UserError, match=r"loop\.steps: 20 → 10\); give another --out"):
        run(10, extend=True)
    assert all(torch.equal(value, first[name]) for name, value in run(20).state_dict().items())
    run(40, extend=True)
    assert [line["step"] for line in read_log(tmp_path / "log.jsonl")] == list(range(5, 41, 5))
    run(40)


def test_workers_give_the_same_run(tmp_path: Path) -> None:
    with_workers = train(tmp_path / "a", settings=SETTINGS.model_copy(update={"workers": 2})).state_dict()
    without = train(tmp_path / "b").state_dict()
    assert all(torch.equal(with_workers[name], without[name]) for name in without)


def test_a_process_alone_has_no_statistics_to_share(tmp_path: Path) -> None:
    """Which torch shares on GPUs only, and refuses on a CPU."""
    train(tmp_path, settings=SETTINGS.model_copy(update={"sync_batch_norm": True, "steps": 1}))


def test_a_tracker_that_is_not_installed_is_named_before_anything_runs(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("acdepth.engine.loop.find_spec", lambda name: None)
    with pytest.raises(UserError, match="trackers: trackio is not installed; pip install trackio"):
        train(tmp_path, settings=SETTINGS.model_copy(update={"trackers": ("trackio",)}))
    assert not list(tmp_path.iterdir())


def test_tensorboard_shows_each_step_once_after_a_resume(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    settings = SETTINGS.model_copy(
        update={"checkpoint_every": 20, "log_every": 1, "trackers": ("tensorboard",)}
    )
    with pytest.raises(Stop):
        fit("test", Fit(), lambda rank, count: StopAt(33), settings, tmp_path, Identity())
    train(tmp_path, settings=settings)
    (tracked,) = tmp_path.rglob("tracked")
    events = EventAccumulator(str(tracked))
    events.Reload()
    assert [event.step for event in events.Scalars("loss")] == list(range(1, 41))


class Deadly(Source):
    """Its workers die at a step: as often as there are marks, which each takes one of."""

    def __init__(self, marks: Path) -> None:
        self.marks = marks

    def batch(self, step: int) -> Points:
        left = sorted(self.marks.glob("*"))
        if step == 7 and left:
            left[0].unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().batch(step)


def test_a_lost_worker_is_replaced_and_changes_nothing(tmp_path, caplog):
    (tmp_path / "marks").mkdir()
    (tmp_path / "marks" / "1").touch()
    settings, task = SETTINGS.model_copy(update={"workers": 2}), Fit()
    batches = Deadly(tmp_path / "marks")
    fit("test", task, lambda rank, count: batches, settings, tmp_path / "a", Identity())
    unbroken = train(tmp_path / "b").state_dict()
    assert all(torch.equal(task.state_dict()[name], unbroken[name]) for name in unbroken)
    assert len(caplog.records) == 1 and "others take its place" in caplog.text


def test_workers_that_are_lost_again_and_again_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr("acdepth.engine.ahead.LOST_WORKERS", 1)
    (tmp_path / "marks").mkdir()
    for number in range(9):
        (tmp_path / "marks" / str(number)).touch()
    settings, batches = SETTINGS.model_copy(update={"workers": 1}), Deadly(tmp_path / "marks")
    with pytest.raises(UserError, match=r"end early again and again.*memory"):
        fit("test", Fit(), lambda rank, count: batches, settings, tmp_path / "a", Identity())


@pytest.mark.parametrize("workers", [0, 1])
def test_what_is_wrong_with_a_batch_is_told_in_one_line(tmp_path, workers):
    class Damaged(Source):
        def batch(self, step: int) -> Points:
            raise UserError("a.png", "is damaged", "copy it again")

    settings = SETTINGS.model_copy(update={"workers": workers})
    with pytest.raises(UserError, match=r"^a\.png: is damaged; copy it again$"):
        fit("test", Fit(), lambda rank, count: Damaged(), settings, tmp_path, Identity())

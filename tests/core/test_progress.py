"""The time that is left of several stages."""

from types import SimpleNamespace

import pytest

from acdepth.core import progress
from acdepth.core.progress import Whole


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_what_is_left_is_of_all_stages(clock: SimpleNamespace) -> None:
    whole = Whole({"look": 10.0, "teacher": 100.0, "student": 50.0})
    whole.begin("look")
    assert whole.left() == 160
    clock.now = 4.0
    assert whole.left("look", piece=7.0) == 157  # a stage's own work is believed
    assert whole.left("files", piece=1.0) == 156  # other work is a part of it
    whole.begin("student")
    assert whole.left("student", piece=20.0) == 20


def test_a_machine_that_became_slower_is_expected_to_stay_so(clock: SimpleNamespace) -> None:
    whole = Whole({"teacher": 100.0, "student": 50.0, "verdict": 50.0})
    whole.begin("teacher")
    clock.now = 200.0
    whole.ran()
    whole.begin("student")
    pace = (200 + 20) / (100 + 20)
    assert whole.left() == pytest.approx(pace * 100)
    assert whole.left("student", piece=10.0) == pytest.approx(10 + pace * 50)


def test_a_stage_of_seconds_says_little_of_the_rest(clock: SimpleNamespace) -> None:
    whole = Whole({"mask": 1.0, "teacher": 999.0})
    whole.begin("mask")
    clock.now = 5.0
    whole.ran()
    whole.begin("teacher")
    assert whole.left() == pytest.approx(999 * 105 / 101)

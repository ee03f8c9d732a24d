"""For how long what a visitor measured holds."""

import pytest

from acdepth.inference.calibration import MeasuredPoint
from acdepth.serve.measured import Asked, Measured

POINT = MeasuredPoint(3, 4, 10.0)
HERE = Asked("a.png", "first", 70.0)
KNOWN = (
    Measured(HERE).add(POINT).click(5, 6).calibrate(HERE, 2.0).calibrate(HERE._replace(model="second"), 3.0)
)


@pytest.mark.parametrize(
    ("other", "factor"),
    [
        (HERE._replace(picture="b.png"), 2.0),
        (HERE._replace(model="second"), 3.0),
        (HERE._replace(degrees=60.0), None),
        (HERE._replace(degrees=None), None),
    ],
)
def test_points_belong_to_what_was_asked_and_factors_to_a_model_and_a_lens(other, factor):
    assert KNOWN.of(HERE) is KNOWN and KNOWN.factor(HERE) == 2.0
    there = KNOWN.of(other)
    assert (there.asked, there.points, there.clicked) == (other, (), None)
    assert there.factor(other) == factor
    assert there.factor(HERE) == 2.0  # who comes back finds it


def test_a_point_that_is_added_waits_no_longer():
    assert KNOWN.add(POINT).clicked is None and KNOWN.add(POINT).points == (POINT, POINT)


def test_beginning_again_forgets_one_model():
    again = KNOWN.forget(HERE)
    assert again.points == () and again.clicked is None
    assert again.factors == {("second", 70.0): 3.0} and len({again, KNOWN}) == 2

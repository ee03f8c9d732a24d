"""For how long what a visitor measured holds."""

import pytest

from acdepth.inference.calibration import MeasuredPoint
from acdepth.serve.measured import Measured

POINT = MeasuredPoint(3, 4, 10.0)
KNOWN = (
    Measured("a.png", "first", 70.0).add(POINT).click(5, 6).calibrate("first", 2.0).calibrate("second", 3.0)
)


@pytest.mark.parametrize(
    ("picture", "model", "degrees", "points", "factors"),
    [
        ("a.png", "first", 70.0, True, True),
        ("b.png", "first", 70.0, False, True),
        ("a.png", "second", 70.0, False, True),
        ("a.png", "first", 60.0, True, False),
        ("a.png", "first", None, True, False),
    ],
)
def test_points_belong_to_a_picture_and_factors_to_a_lens(picture, model, degrees, points, factors):
    now = KNOWN.of(picture, model, degrees)
    assert (now.picture, now.model, now.degrees) == (picture, model, degrees)
    assert now.points == ((POINT,) if points else ())
    assert now.clicked == ((5, 6) if points else None)
    assert now.factors == ({"first": 2.0, "second": 3.0} if factors else {})


def test_a_point_that_is_added_waits_no_longer():
    assert KNOWN.add(POINT).clicked is None and KNOWN.add(POINT).points == (POINT, POINT)


def test_beginning_again_forgets_one_model():
    assert KNOWN.forget("first") == Measured("a.png", "first", 70.0, factors={"second": 3.0})

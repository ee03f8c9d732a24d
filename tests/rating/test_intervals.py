"""Wilson's interval against published numbers."""

import pytest

from acdepth.rating.votes import wilson


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_that_of_the_literature(count: int, of: int, low: float, high: float) -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    found = wilson(count, of)
    assert found == pytest.approx((count / of, low, high), abs=5e-5)
    mirrored = wilson(of - count, of)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((found.low, found.high), abs=1e-12)


def test_ends_do_not_leave_the_range() -> None:
    assert wilson(0, 7).low == 0 and wilson(7, 7).high == 1 and wilson(7, 7).low > 0.5
    with pytest.raises(ValueError, match="8 of 7 is no part"):
        wilson(8, 7)

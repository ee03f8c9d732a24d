"""How many unreadable frames are put up with."""

import pytest

from acdepth.core.errors import UserError
from acdepth.core.tally import ReadTally


@pytest.mark.parametrize(
    ("total", "most"), [(1, 0), (10, 0), (19, 0), (20, 1), (199, 1), (200, 2), (1000, 10)]
)
def test_one_in_a_hundred_and_of_short_drives_one(total: int, most: int) -> None:
    said: list[str] = []
    tally = ReadTally(total, said.append)
    for number in range(most):
        tally.skip(UserError(f"{number}.png", "broken"))
    with pytest.raises(
        UserError, match=f"last.png: broken .{most + 1} of {total} frames cannot be read so far"
    ):
        tally.skip(UserError("last.png", "broken"))
    assert len(said) == most

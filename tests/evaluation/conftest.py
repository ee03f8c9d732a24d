"""Footage to measure on."""

import pytest

from tests.data.folders import write_drive


@pytest.fixture
def data(tmp_path):
    for town in range(2):
        for condition in ("clear", "night"):
            write_drive(tmp_path / "data" / f"town_{town}" / condition, 3, condition, depth=True)
    return tmp_path / "data"

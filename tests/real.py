"""The small real data beside the project, for tests that need it."""

import os
from pathlib import Path

import pytest

REAL = Path(os.environ.get("ACDEPTH_REAL_DATA", Path(__file__).parents[2] / "shared" / "real"))
_SKIP = pytest.mark.skipif(not REAL.exists(), reason=f"no real data at {REAL}")


def needs_real_data(test):
    """Mark a test as ``real``, and skip it where the data is not there."""
    return pytest.mark.real(_SKIP(test))

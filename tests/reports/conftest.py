from pathlib import Path

import pytest

from tests.reports.fake_run import write_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")

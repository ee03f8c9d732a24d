"""A tiny world for all tests of recipes: two towns to train on, one to measure, clear and at night."""

from pathlib import Path

import pytest

from acdepth.core.condition import Condition
from acdepth.world.export import DriveSettings, write_towns

TRAINING, EVALUATION = (1, 2), (8001,)
FRAMES = 8


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    settings = DriveSettings(FRAMES, (64, 96))
    write_towns(folder, (*TRAINING, *EVALUATION), (Condition.CLEAR, Condition.NIGHT), settings)
    return folder

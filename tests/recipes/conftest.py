"""A tiny world for all tests of recipes: two towns to train on, one to measure, clear and at night."""

from pathlib import Path

import pytest

from acdepth.core.condition import Condition
from acdepth.world.export import DriveSettings, write_towns
from tests.diffusion.tiny import tiny_model

TRAINING, EVALUATION = (1, 2), (8001,)
FRAMES = 8


def settings_file(data_set: str, folder: Path) -> Path:
    """The tiny settings of a data set, with a tiny diffusion model for those that learn to translate."""
    folder.mkdir(parents=True, exist_ok=True)
    tiny_model().save(folder / "base")
    text = (Path(__file__).parent / f"tiny-{data_set}.yaml").read_text()
    (folder / "settings.yaml").write_text(text.replace("BASE", str(folder / "base")))
    return folder / "settings.yaml"


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    settings = DriveSettings(FRAMES, (64, 96))
    write_towns(folder, (*TRAINING, *EVALUATION), (Condition.CLEAR, Condition.NIGHT), settings, "cpu")
    return folder

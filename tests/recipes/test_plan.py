"""What a dry run counts and multiplies."""

from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.recipes.checks import RecordedDataSet
from acdepth.recipes.plan import Counts, count_footage
from acdepth.recipes.reproduce import ReproduceConfig, Reproduction
from tests.data.nuscenes_layout import write_nuscenes
from tests.recipes.conftest import settings_file


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return settings_file("nuscenes", tmp_path_factory.mktemp("settings"))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scenes = {"scene-0001": "Parked cars", "scene-0002": "Night, turn", "scene-0003": "Parked cars"}
    return write_nuscenes(tmp_path_factory.mktemp("nuscenes"), scenes, "v1.0-trainval", samples=3)


def test_it_counts_images_and_writes_nothing(root: Path, settings: Path, tmp_path: Path) -> None:
    """Three key frames in the clear training scene, 0 5 10 of 11 images; scene 3 is of the validation."""
    reproduction = Reproduction("nuscenes", ReproduceConfig.read(settings), root, tmp_path / "run")
    counts = count_footage(reproduction.training, reproduction.evaluation)
    assert counts == Counts(triplets=7, clear=3, measured=3, conditions=1)  # clips: 0 1, 4 5 6, 9 10
    stages = {stage.name: stage for stage in reproduction.plan(2)}
    assert list(stages) == ["teacher", "translator", "translate", "student", "evaluate"]
    assert stages["translate"].work == "3 x 1 images" and stages["evaluate"].work == "3 images"
    assert all(stage.hours > 0 and stage.gigabytes > 0 for stage in stages.values())
    assert not (tmp_path / "run").exists()


def test_a_root_that_is_not_there(settings: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere: no such folder; --root"):
        Reproduction("nuscenes", ReproduceConfig.read(settings), tmp_path / "nowhere", tmp_path)


def test_a_stage_of_an_unknown_name(settings: Path, tmp_path: Path) -> None:
    text = settings.read_text().split("teacher:")[0]
    (tmp_path / "mine.yaml").write_text(f"{text}teacher: nuscene\nstudent: nuscenes\n")
    with pytest.raises(UserError, match=r"mine\.yaml: teacher: nuscene: no shipped settings.*nuscenes"):
        ReproduceConfig.read(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("data_set", "expected"),
    [
        ("nuscenes", "is not laid out as nuScenes, it has none of the folders v1.0-mini, v1.0-test"),
        ("robotcar", "is not laid out as RobotCar, it lacks models/stereo_wide_left.txt"),
    ],
)
def test_a_root_of_another_layout(
    data_set: RecordedDataSet, expected: str, settings: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=expected):
        Reproduction(data_set, ReproduceConfig.read(settings), tmp_path, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_settings_without_a_split(root: Path, settings: Path, tmp_path: Path) -> None:
    config = ReproduceConfig.read(settings)
    whole = config.model_copy(update={"teacher": config.teacher.model_copy(update={"split": None})})
    with pytest.raises(UserError, match=r"settings: teacher\.split is None; for nuScenes choose from train"):
        Reproduction("nuscenes", whole, root, tmp_path / "run")

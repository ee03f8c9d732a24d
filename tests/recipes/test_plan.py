"""What a dry run counts and multiplies."""

from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.recipes.method import Method
from acdepth.recipes.plan import plan
from acdepth.recipes.reproduce import ReproduceConfig, Reproduction
from tests.data.nuscenes_layout import write_nuscenes

CONFIG = Path(__file__).parent / "tiny-nuscenes.yaml"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scenes = {"scene-0001": "Parked cars", "scene-0002": "Night, turn", "scene-0003": "Parked cars"}
    return write_nuscenes(tmp_path_factory.mktemp("nuscenes"), scenes, "v1.0-trainval", samples=3)


def test_it_counts_images_and_disk(root: Path, tmp_path: Path) -> None:
    """Three key frames in the clear training scene, 0 5 10 of 11 images; scene 3 is of the validation."""
    stages = {
        stage.name: stage for stage in plan(Method(ReproduceConfig.read(CONFIG), root, root, tmp_path), 2)
    }
    picture = 3 * 64 * 96 / 1e9
    assert list(stages) == ["teacher", "translate", "student", "evaluate"]
    assert stages["teacher"].gigabytes == pytest.approx(7 * picture)  # 0 1, 4 5 6, 9 10
    assert stages["student"].gigabytes == pytest.approx(3 * 2 * picture)
    assert stages["translate"].work == "3 x 1 images" and stages["evaluate"].work == "3 images"
    assert all(stage.hours > 0 for stage in stages.values())


def test_a_root_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere: no such folder; --root"):
        Reproduction("nuscenes", ReproduceConfig.read(CONFIG), tmp_path / "nowhere", tmp_path)


def test_a_stage_of_an_unknown_name(tmp_path: Path) -> None:
    text = CONFIG.read_text().split("teacher:")[0]
    (tmp_path / "mine.yaml").write_text(f"{text}teacher: nuscene\nstudent: nuscenes\n")
    with pytest.raises(UserError, match=r"mine\.yaml: teacher: nuscene: no shipped settings.*nuscenes"):
        ReproduceConfig.read(tmp_path / "mine.yaml")

"""The paper's experiment end to end, at tiny size, on the world in nuScenes' and RobotCar's layouts."""

import json
import os
from pathlib import Path

import pytest

from acdepth.cli.main import run
from acdepth.core.errors import UserError
from acdepth.core.files import read_json
from acdepth.recipes.layouts import Layout, export_world, read_drives
from tests.recipes.conftest import EVALUATION, FRAMES, settings_file


@pytest.fixture(scope="module", params=["nuscenes", "robotcar"])
def reproduced(
    request, world: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Layout, Path, list[str]]:
    """Data set, run folder, and the command that made it."""
    data_set: Layout = request.param
    folder = tmp_path_factory.mktemp(data_set)
    export_world(read_drives(world), folder / "data", data_set, EVALUATION)
    config = settings_file(data_set, folder)
    known = ["--condition-known"] if data_set == "robotcar" else []
    command = ["reproduce", data_set, "--root", str(folder / "data"), "--out", str(folder / "run")]
    command += ["--config", str(config), *known]
    run(command)
    return data_set, folder / "run", command


def test_all_stages_end_in_results_and_a_table(reproduced):
    data_set, out, _ = reproduced
    stages = sorted(path.stem for path in (out / "stages").glob("*.json"))
    learned = ["translator"] if data_set == "nuscenes" else []  # the other's weather is simulated
    assert stages == ["evaluate", "student", "teacher", "translate", *learned]
    assert all(read_json(out / "stages" / f"{stage}.json")["done"] for stage in stages)
    results = read_json(out / "results.json")
    key_frames = 3 if data_set == "nuscenes" else FRAMES
    for model in ("teacher", "student"):
        measured = results["models"][model]
        assert {name: cell["images"] for name, cell in measured.items()} == {
            "clear": key_frames,
            "night": key_frames,
        }
    assert results["protocol"]["condition_known"] is (data_set == "robotcar")
    table = (out / "table.md").read_text()
    (ours,) = [line for line in table.splitlines() if line.startswith("| ours: student")]
    assert f"{results['models']['student']['night']['abs_rel']['mean']:.4f}" in ours
    assert ("not run" in ours) is (data_set == "nuscenes")  # no rain in this world
    (about,) = [line for line in table.splitlines() if line.startswith("Our rows: ")]
    assert about.startswith(f"Our rows: protocol {results['protocol']['name']}; depth 0.1 to ")
    assert "ACDepth" in table and (out / "report.html").stat().st_size > 10_000


def test_only_targets_and_their_neighbours_are_prepared(reproduced):
    data_set, out, _ = reproduced
    prepared = {
        stage: read_json(out / stage / "index.json")["frames"]
        for stage in ("teacher/prepared", "student/prepared/clear")
    }
    # In two towns; nuScenes: of 0..7 the key frames 0, 6, 7 and the frames beside them; RobotCar: 1..6.
    expected = (2 * 5, 2 * 3) if data_set == "nuscenes" else (2 * FRAMES, 2 * (FRAMES - 2))
    assert tuple(prepared.values()) == expected


def test_a_second_call_does_nothing(reproduced):
    _, out, command = reproduced
    before = {path: path.stat().st_mtime_ns for path in _files(out)}
    run(command)
    assert {path: path.stat().st_mtime_ns for path in _files(out)} == before


def test_changed_data_are_noticed(reproduced, tmp_path):
    data_set, out, command = reproduced
    key = json.loads((out / "stages" / "teacher.json").read_text())["key"]
    images = sorted(Path(command[3]).rglob("*.jpg" if data_set == "nuscenes" else "stereo/left/*.png"))
    images[0].write_bytes(images[1].read_bytes() + b"\0")
    os.utime(images[0])
    run(command)
    assert json.loads((out / "stages" / "teacher.json").read_text())["key"] != key


def test_settings_that_are_not_there(tmp_path):
    with pytest.raises(UserError, match="--config waymo: no shipped settings of this name"):
        run(["reproduce", "nuscenes", "--root", str(tmp_path), "--config", "waymo"])


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]

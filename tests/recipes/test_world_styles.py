"""A drive's style is known to those who read it: the world's export and the results of an evaluation."""

import json
import shutil
from pathlib import Path

import pytest

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.folder import open_data
from acdepth.evaluation.results import describe_data
from acdepth.evaluation.schema import Results
from acdepth.recipes.layouts import export_world, read_drives
from acdepth.reports.facts import facts
from acdepth.world.export import DriveSettings, write_towns
from tests.reports.fake_run import write, write_run


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("styles")
    for style, town in (("country", 1), ("town", 2)):
        settings = DriveSettings(2, (16, 24), style=style)
        write_towns(folder / style, [town], [Condition.CLEAR], settings, "cpu")
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run")


def test_drives_are_read_with_their_style(data: Path) -> None:
    assert [(drive.style, drive.town) for drive in read_drives(data)] == [("town", 2), ("country", 1)]


def test_nuscenes_has_a_log_for_each_style(data: Path, tmp_path: Path) -> None:
    export_world(read_drives(data), tmp_path, "nuscenes", [1])
    tables = {
        name: json.loads((tmp_path / "v1.0-trainval" / f"{name}.json").read_text())
        for name in ("log", "scene")
    }
    places = {log["token"]: log["location"] for log in tables["log"]}
    assert [places[scene["log_token"]] for scene in tables["scene"]] == [
        "boston-seaport",
        "singapore-onenorth",
    ]


def test_a_style_of_another_version_is_named(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "town_0001" / "clear"
    folder.mkdir(parents=True)
    (folder / "sequence.yaml").write_text("source: acdepth world\ntown: 1\nstyle: moon\ncondition: clear\n")
    with pytest.raises(UserError, match=r"sequence\.yaml: .*style 'moon' is unknown; choose from town"):
        read_drives(tmp_path)


def test_results_count_styles_other_than_towns(data: Path) -> None:
    footage = open_data(data)
    assert sorted(str(clip.style) for clip in footage) == ["None", "country"]
    assert describe_data(data, None, None, footage).styles == {"country": 1}
    assert "styles" not in describe_data(data, None, None, open_data(data / "town")).to_dict()


def test_a_note_called_style_in_other_footage_is_no_style_of_the_world(data: Path, tmp_path: Path) -> None:
    shutil.copytree(data / "country" / "town_0001" / "clear" / "images", tmp_path / "drive" / "images")
    (tmp_path / "drive" / "sequence.yaml").write_text("style: cinematic\n")
    assert [clip.style for clip in open_data(tmp_path)] == [None]


def test_tables_name_the_style(run: Path) -> None:
    content = json.loads((run / "results.json").read_text())
    data = {"path": "towns", "split": None, "cameras": None, "sequences": 12}
    for styles, said in ({}, "12 sequences)"), ({"country": 6}, "12 sequences, 6 of style country)"):
        write(run / "results.json", {**content, "data": {**data, **({"styles": styles} if styles else {})}})
        assert any(fact.endswith(said) for fact in facts(Results.read(run / "results.json")))

"""Files outside a data set stay as they are, and unread, whatever its tables and lists name."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.core.errors import UserError
from acdepth.core.files import hash_file, write_text
from acdepth.data.folder import open_data
from acdepth.data.manifest import Manifest
from acdepth.data.nuscenes.scenes import open_nuscenes
from acdepth.data.pairs import ask_frames
from acdepth.data.robotcar.scenes import open_robotcar
from acdepth.evaluation.pairs import PointPair, Relation
from tests.commands import call
from tests.data.folders import CAMERA, write_drive
from tests.data.nuscenes_layout import HEIGHT, WIDTH, write_nuscenes
from tests.data.robotcar_layout import write_prepared

TABLE = "v1.0-mini/sample_data.json"


def write_own(path: Path) -> str:
    """A picture of the user's own that no data set has a business with; returns its hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((HEIGHT, WIDTH, 3), 90, np.uint8))
    return hash_file(path)


def rename(root: Path, old: str, new: str) -> None:
    """Let the first record whose file has ``old`` in its name have the file ``new``."""
    rows = json.loads((root / TABLE).read_text())
    next(row for row in rows if old in row["filename"])["filename"] = new
    (root / TABLE).write_text(json.dumps(rows, indent=0))


@pytest.fixture(params=["absolute", "up"])
def stray(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """A nuScenes of which one image is a file elsewhere, and that file."""
    root = write_nuscenes(tmp_path / "sets/nuscenes", {"scene-0061": "Parked cars", "scene-0103": ""})
    own = tmp_path / "home/CAM_FRONT/holiday.jpg"
    write_own(own)
    # Read from sets/nuscenes and written from out/night, it is the same file.
    up = f"../../{own.relative_to(tmp_path).as_posix()}"
    rename(root, "samples/CAM_FRONT", own.as_posix() if request.param == "absolute" else up)
    return root, own


class TestNuScenes:
    def test_translate_writes_to_no_file_of_the_user(self, stray, tmp_path, monkeypatch, capsys):
        root, own = stray
        before, out = hash_file(own), tmp_path / "out"
        done = call(
            monkeypatch, "translate", root, out, "--split", "mini_train", "--depth", "teacher",
            "--weights", "shipped", "--conditions", "night", "--device", "cpu",
        )  # fmt: skip
        assert hash_file(own) == before and list((tmp_path / "home").rglob("*.*")) == [own]
        assert done == 2
        (line,) = [one for one in capsys.readouterr().err.splitlines() if "error" in one]
        assert f"{root / TABLE}: names " in line and "which is not within" in line

    def test_check_tells_it_and_goes_on(self, stray, tmp_path, monkeypatch, capsys):
        root, own = stray
        own.unlink()  # it is not even looked for
        out = tmp_path / "check"
        assert call(monkeypatch, "data", "check", "nuscenes", "--root", root, "--out", out) == 2
        (fault,) = json.loads((out / "check.json").read_text())["faults"]
        assert fault.startswith(f"{root / TABLE}: names '") and "holiday.jpg" in fault
        assert "1 fault" in capsys.readouterr().err

    def test_a_sweep_elsewhere_is_not_read(self, tmp_path):
        root = write_nuscenes(tmp_path / "nuscenes", {"scene-0061": "Parked cars"})
        rename(root, "samples/LIDAR_TOP", "../samples/LIDAR_TOP/passwords.pcd.bin")
        with pytest.raises(UserError, match=r"passwords\.pcd\.bin', which is not within"):
            open_nuscenes(root, "mini_train")


def translate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Two translations to night by measured depth; returns their folder."""
    drive, out = write_drive(tmp_path / "data", count=2, depth=True), tmp_path / "out"
    for file in (drive / "depth").iterdir():
        cv2.imwrite(
            str(file), np.tile(np.linspace(512, 23040, CAMERA.width), (CAMERA.height, 1)).astype(np.uint16)
        )
    arguments = ("--depth", "measured", "--conditions", "night")
    assert call(monkeypatch, "translate", tmp_path / "data", out, *arguments) == 0
    return out


class TestTranslations:
    @pytest.mark.parametrize("source", ["/etc/holiday.jpg", "../../holiday.jpg", "."])
    def test_a_manifest_leads_nowhere_else(self, tmp_path, monkeypatch, capsys, source):
        out = translate(monkeypatch, tmp_path)
        entry = json.loads((out / "manifest.jsonl").read_text().splitlines()[0])
        write_text(out / "manifest.jsonl", json.dumps(entry | {"source": source}) + "\n")
        capsys.readouterr()
        assert call(monkeypatch, "translate", "check", out) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"{out / 'manifest.jsonl'}: names {source!r}, which is not within" in line
        with pytest.raises(UserError, match="which is not within"):
            Manifest(out).file("night", source)

    def test_a_condition_that_is_none_is_told_with_its_line(self, tmp_path, monkeypatch):
        out = translate(monkeypatch, tmp_path)
        manifest = out / "manifest.jsonl"
        manifest.write_text(manifest.read_text().replace('"night"', '"../night"'))
        with pytest.raises(UserError, match=r"line 1 is no manifest entry \('\.\./night' is not a valid"):
            Manifest(out)

    def test_a_photograph_beside_the_shell_stays_among_the_translations(self, tmp_path, monkeypatch):
        folder = tmp_path / "shots"
        write_own(folder / "a.jpg")
        monkeypatch.chdir(folder)
        assert [clip.key(0) for clip in open_data(Path("a.jpg"))] == ["shots/a.jpg"]
        (folder / "below").mkdir()
        monkeypatch.chdir(folder / "below")
        assert [clip.key(0) for clip in open_data(Path("../a.jpg"))] == ["shots/a.jpg"]


@pytest.mark.parametrize("absolute", [True, False])
def test_pairs_are_of_no_images_elsewhere(tmp_path, absolute):
    own = tmp_path / "home/holiday.jpg"
    write_own(own)
    write_own(tmp_path / "data/a.jpg")
    image = own.as_posix() if absolute else "../home/holiday.jpg"
    pairs = [PointPair(name, 1, 2, 3, 4, Relation.CLOSER) for name in ("a.jpg", image)]
    with pytest.raises(UserError, match=re.escape(f"names '{image}', which is not within")):
        ask_frames(pairs, [], tmp_path / "data")


def test_a_list_of_robotcar_names_no_scene_elsewhere(tmp_path):
    scene = "2014-12-09-13-21-02"
    root = write_prepared(tmp_path / "data", {scene: range(3)})
    time = next((root / scene / "stereo/left").iterdir()).stem
    write_own(tmp_path / "stereo/left" / f"{time}.png")
    write_text(root / "splits/.._odd.txt", f"{time}\n")
    with pytest.raises(UserError, match=r"odd\.txt: names '\.\..*', which is not within"):
        open_robotcar(root, "odd", print)

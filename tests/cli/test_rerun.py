"""A run is done again from what it recorded; what differs is said."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from acdepth.cli.main import run
from acdepth.cli.rerun import _Moved
from acdepth.core.command import COMMAND_FILE, command, keep_command, read_command
from acdepth.core.errors import UserError
from acdepth.pipeline.differences import differences
from tests.data.folders import write_drive


@pytest.fixture
def translated(tmp_path, monkeypatch):
    """A folder of translations, made by the command line with relative paths."""
    write_drive(tmp_path / "data", count=2, depth=True)
    monkeypatch.chdir(tmp_path)
    run(["translate", "data", "night", "--conditions", "night", "--depth", "measured", "--workers", "1"])
    return tmp_path / "night"


def test_a_folder_keeps_the_command_that_filled_it(translated):
    told = json.loads((translated / COMMAND_FILE).read_text())
    assert told["verb"] == "translate" and told["arguments"][:2] == ["data", "night"]
    assert told["started_in"] == str(translated.parent) and "torch" in told["made_by"]


def test_a_run_done_again_from_elsewhere_is_the_same(translated, tmp_path, monkeypatch, capsys):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    run(["rerun", "../night", "--out", "again"])
    said = capsys.readouterr().out.splitlines()
    files = sum(path.is_file() and path.name not in (COMMAND_FILE, ".lock") for path in translated.rglob("*"))
    assert said == ["versions and machine: as then", f"same: {files} of {files} files"] and files > 3
    assert (tmp_path / "elsewhere" / "again" / COMMAND_FILE).exists()


@pytest.mark.parametrize("started_in", ["where the footage was", "elsewhere"])
def test_footage_that_has_moved_is_named(tmp_path, monkeypatch, capsys, started_in):
    for name in ("disk", "elsewhere"):
        (tmp_path / name).mkdir()
    write_drive(tmp_path / "disk" / "data", count=2, depth=True)
    monkeypatch.chdir(tmp_path / ("elsewhere" if started_in == "elsewhere" else "disk"))
    flags = ["--conditions", "night", "--depth", "measured", "--workers", "1"]
    run(["translate", f"{tmp_path}/disk/data", f"{tmp_path}/night", *flags])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "disk").rename(tmp_path / "other disk")
    with pytest.raises(UserError, match="disk"):
        run(["rerun", "night", "--out", "lost"])
    for run_again, out, flags in (
        ("night", "again", ["--moved", "disk", "other disk"]),
        ("again", "third", []),
    ):
        monkeypatch.chdir(tmp_path)
        capsys.readouterr()
        run(["rerun", run_again, "--out", out, *flags])
        assert "same: 4 of 4 files" in capsys.readouterr().out
        assert read_command(tmp_path / out).arguments[0] == f"{tmp_path}/other disk/data"


def test_what_a_command_names_by_where_it_was_and_is():
    moved = _Moved.of(Path("/old/../disk/"), Path("/new"))
    for word, now in (
        ("/disk/data/", "/new/data"),
        ("/disk", "/new"),
        ("/disk2/data", "/disk2/data"),
        ("a=/disk/w.safetensors", "a=/new/w.safetensors"),
        ("--config=/disk/mine.yaml", "--config=/new/mine.yaml"),
        ("hf:/disk/model", "hf:/new/model"),
        ("disk/data", "disk/data"),
        ("night", "night"),
    ):
        assert moved.word(word) == now
    for path, started_in, now in (
        ("data", "/disk/runs", "data"),
        ("../../disk2/data", "/disk/runs", "/disk2/data"),
        ("../disk/data", "/elsewhere", "/new/data"),
        ("data", "/elsewhere", "data"),
    ):
        assert moved.now(Path(path), Path(started_in)) == Path(now)


def test_another_version_and_another_outcome_are_told(translated, tmp_path, capsys):
    path = translated / COMMAND_FILE
    told = json.loads(path.read_text())
    told["made_by"]["torch"] = "2.0.0"
    path.write_text(json.dumps(told))
    (image,) = sorted(translated.rglob("*.jpg"))[:1]
    image.write_bytes(b"other")
    run(["rerun", "night", "--out", "again"])
    said = capsys.readouterr().out
    assert "versions and machine: torch: 2.0.0 →" in said
    assert f"differs: {image.relative_to(translated)}: other bytes" in said


def test_what_cannot_be_done_again_is_told(translated, tmp_path):
    with pytest.raises(UserError, match="holds something already"):
        run(["rerun", "night", "--out", "night"])
    with pytest.raises(UserError, match=r"command.json: is not there, so nobody knows how"):
        run(["rerun", "data", "--out", "again"])
    path = translated / COMMAND_FILE
    told = json.loads(path.read_text())
    for change, said in (
        ({"started_in": str(tmp_path / "gone")}, "was started there, and it is gone"),
        ({"verb": "translate into gold"}, "this version lacks"),
        ({"verb": 3}, "not as acdepth writes it"),
    ):
        path.write_text(json.dumps({**told, **change}))
        with pytest.raises(UserError, match=said):
            run(["rerun", "night", "--out", str(tmp_path / "again")])
    with pytest.raises(UserError, match=r"holds no fault\.json"):
        run(["replay", "night"])


def test_only_the_folder_of_the_command_keeps_it(tmp_path):
    with command("train student", ["data"], tmp_path / "out"):
        keep_command(tmp_path / "out" / "prepared")
        assert not (tmp_path / "out").exists()
        (tmp_path / "out").mkdir()
        keep_command(tmp_path / "out")
    assert read_command(tmp_path / "out").arguments == ["data"]


def test_weights_are_compared_number_by_number_and_times_left_out(tmp_path):
    for name, shift, seconds, loss in (("a", 0.0, 1.5, 0.25), ("b", 1e-3, 2.5, 0.5)):
        folder = tmp_path / name
        folder.mkdir()
        weights = {"conv.weight": torch.ones(3) + shift, "conv.bias": torch.zeros(2)}
        card = {"card": json.dumps({"input_size": [64, 96], "made_by": {"torch": name}})}
        save_file(weights, folder / "model.safetensors", card)
        (folder / "log.jsonl").write_text(json.dumps({"step": 1, "loss": loss, "seconds": seconds}) + "\n")
        (folder / "run.json").write_text(json.dumps({"title": "x", "seconds": {"teacher": seconds}}))
        (folder / f"only-{name}.txt").write_text("")
        (folder / "old").mkdir()
        (folder / "old" / name).write_text("")
    said = list(differences(tmp_path / "a", tmp_path / "b"))
    assert said == [
        "same: 1 of 3 files",
        "differs: log.jsonl: 1 values (0.loss)",
        "differs: model.safetensors: largest difference 0.001, in conv.weight; what it says of itself "
        "(card.made_by.torch)",
        f"only in {tmp_path / 'a'}: only-a.txt",
        f"only in {tmp_path / 'b'}: only-b.txt",
    ]


def test_names_that_are_no_text_come_back_as_they_were(tmp_path):
    odd = "w\udcff x"
    (tmp_path / "out").mkdir()
    with command("translate", [odd], tmp_path / "out"):
        keep_command(tmp_path / "out")
    told = read_command(tmp_path / "out")
    assert told.arguments == [odd] and str(told) == f"acdepth translate '{odd}'"

"""``acdepth data check``: what it prints and how it ends."""

import json
import sys

import cv2
import numpy as np
import pytest

from acdepth.cli import main as command
from acdepth.cli.data import check
from acdepth.core.errors import UserError
from tests.data.folders import HEIGHT, WIDTH, write_drive


def test_a_sound_folder_ends_well(tmp_path, capsys):
    drive = write_drive(tmp_path / "data/night", condition="night")
    cv2.imwrite(str(drive / "mask.png"), np.full((HEIGHT, WIDTH), 255, np.uint8))  # no vehicle in view
    command.run(["data", "check", "folder", "--root", str(tmp_path / "data"), "--out", str(tmp_path / "out")])
    said = capsys.readouterr().out
    assert "no faults, 0 doubts; look at" in said
    row = next(line.split() for line in said.splitlines() if " night " in line)
    assert row == ["all", "night", "1", "6", "6", "0.000", "0", "of", "6"]
    assert (tmp_path / "out/sheet.png").exists()


def test_faults_are_listed_and_the_command_fails(tmp_path, capsys, monkeypatch):
    drive = write_drive(tmp_path / "data", count=4)
    for number in (1, 3):
        (drive / f"images/00000{number}.png").write_bytes(b"")
    out = tmp_path / "out"
    monkeypatch.setattr(
        sys, "argv", ["acdepth", "data", "check", "folder", "--root", str(drive), "--out", str(out)]
    )
    with pytest.raises(SystemExit) as stopped:
        command.main()
    said = capsys.readouterr()
    assert stopped.value.code == command.EXIT_USER_ERROR
    assert [line.split(": ")[:2] for line in said.out.splitlines() if line.startswith("fault")] == [
        ["fault", str(drive / f"images/00000{number}.png")] for number in (1, 3)
    ]
    assert said.err.splitlines()[-1] == (
        f"acdepth: error: 2 faults, listed above and in {out / 'check.json'}"
    )
    assert len(json.loads((out / "check.json").read_text())["faults"]) == 2


def test_a_sample_below_zero(tmp_path):
    with pytest.raises(UserError, match="--sample -1: must be 0"):
        check("folder", root=tmp_path, sample=-1)


def test_of_many_drives_it_says_which_the_sheet_shows(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("acdepth.checking.check.MOST_PAGES", 2)
    for name in "abc":
        write_drive(tmp_path / "data" / name, 3)
    command.run(["data", "check", "folder", "--root", str(tmp_path / "data"), "--out", str(tmp_path / "out")])
    assert "sheet.png, which shows 2 of 3 drives: a, c" in " ".join(capsys.readouterr().out.split())

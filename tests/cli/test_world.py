"""``acdepth world``: what it says while it works and where it refuses."""

from pathlib import Path

import pytest

from acdepth.cli.world import make, sheet
from acdepth.core.errors import UserError


def test_progress_is_said_as_everywhere_and_auto_is_a_device(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, towns="1", conditions="clear", image_size="16x16", frames=2, device="auto")
    said = capsys.readouterr()
    assert said.err.startswith("render: 2/2, ") and said.out == ""


def test_a_device_that_is_not_there_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'cuda:9' cannot be used here .* try auto or cpu"):
        make(tmp_path / "out", towns="1", device="cuda:9")
    for name in ("abacus", "meta", "cuda:x"):
        with pytest.raises(UserError, match=f"device '{name}' cannot be used here; choose auto, cpu, cuda"):
            make(tmp_path / "out", towns="1", device=name)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["s.xyz", "s"])
def test_a_sheet_needs_the_name_of_a_picture(tmp_path: Path, name: str) -> None:
    make(tmp_path, towns="1", conditions="clear", image_size="16x16", frames=1)
    with pytest.raises(UserError, match=r"not the name of a picture; let it end in \.bmp, .*\.png"):
        sheet(tmp_path, tmp_path / name)
    assert not (tmp_path / name).exists()
    sheet(tmp_path, tmp_path / "sheet.JPG")
    assert (tmp_path / "sheet.JPG").read_bytes()[:2] == b"\xff\xd8"


def test_a_sheet_says_what_it_cannot_show(tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    with pytest.raises(UserError, match="nowhere: no such folder"):
        sheet(tmp_path / "nowhere", out)
    with pytest.raises(UserError, match="holds no towns"):
        sheet(tmp_path, out)
    for town, size in (("1", "16x16"), ("2", "16x24")):
        make(tmp_path, towns=town, conditions="clear", image_size=size, frames=1)
    with pytest.raises(UserError, match="town_0002: its pictures are of another size than those"):
        sheet(tmp_path, out)
    with pytest.raises(UserError, match="--frame -1"):
        sheet(tmp_path, out, frame=-1)
    assert not out.exists()

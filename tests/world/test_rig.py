"""Another camera sees the same town; the usual one sees what it always saw."""

import math
from pathlib import Path

import pytest
import torch
import yaml
from tests.commands import call

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.world import Rig, draw_rig, prepare
from acdepth.world.styles import find_style
from acdepth.world.town import draw_town
from acdepth.world.view import world_camera

POSE_OF_TOWN_3 = [
    [0.9974630934468324, 0.0030392363210873666, -0.07112060358335218, 2.45110912370473],
    [-0.0026880134967884623, 0.9999837186010587, 0.005033598736480465, -1.4634895255555072],
    [0.07113474393653799, -0.004829655824528079, 0.9974550228605297, 2.2918081746784402],
]
"""Of its second frame, as version 2 of the world has had it since before there were rigs."""


def test_the_usual_camera_is_where_it_was_before_there_were_others() -> None:
    camera = world_camera((96, 160))
    assert camera == Camera(128.0, 128.0, 79.5, 47.5, 160, 96) == world_camera((96, 160), Rig())
    pose = draw_town(3, 2).drive.poses[1]
    known = torch.tensor(POSE_OF_TOWN_3, dtype=torch.float64)
    torch.testing.assert_close(pose[:3], known, rtol=0, atol=1e-9)


def test_twice_the_focal_length_sees_the_middle_of_twice_the_picture() -> None:
    tele = prepare(3, 2, (24, 40), rig=Rig(focal=2.0)).frame(1, [])
    wide = prepare(3, 2, (48, 80)).frame(1, [])
    assert tele.camera.fx == wide.camera.fx == 64.0
    torch.testing.assert_close(tele.depth, wide.depth[12:-12, 20:-20])
    assert torch.equal(tele.pose, wide.pose)


def test_height_and_pitch_move_the_camera_and_nothing_else() -> None:
    usual, other = draw_town(5, 6), draw_town(5, 6, Rig(height=2.5, pitch_degrees=5.0))
    before, after = usual.drive.poses, other.drive.poses
    torch.testing.assert_close(after[:, [0, 2], 3], before[:, [0, 2], 3])
    raised = before[:, 1, 3] - after[:, 1, 3]
    torch.testing.assert_close(raised, raised[:1].expand(6))
    assert 2.5 - 1.6 <= raised[0] <= 2.5 - 1.4
    turned = (before[:, :3, :3].transpose(1, 2) @ after[:, :3, :3])[:, 1, 2]
    # Roll mixes the axes by some thousandths; a camera that looks down sees its old "up" behind "forward".
    torch.testing.assert_close(turned, torch.full_like(turned, math.sin(math.radians(5))), rtol=0, atol=1e-3)
    assert torch.equal(usual.standing.centre, other.standing.centre) and usual.road == other.road
    for mover, same in zip(usual.movers, other.movers, strict=True):
        assert mover.places == same.places


def test_a_higher_camera_is_farther_from_the_road_below() -> None:
    low, high = (prepare(3, 2, (24, 40), rig=Rig(height=height)).frame(0, []) for height in (1.0, 2.0))
    road = (low.classes[-1] == 1) & (high.classes[-1] == 1)
    assert road.sum() > 5
    # The mean height is given, about which a car sways by up to 12 mm.
    ratio = (high.depth[-1] / low.depth[-1])[road].median().item()
    assert ratio == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    "flags",
    [
        {"focal": 0.1},
        {"focal": math.nan},
        {"height": 0.0},
        {"height": 30.0},
        {"pitch_degrees": -70.0},
        {"roll_degrees": 40.0},
        {"yaw_degrees": 91.0},
    ],
)
def test_what_is_no_camera_of_a_car_is_refused(flags) -> None:
    with pytest.raises(UserError, match=f"{next(iter(flags))} of the camera is .* give "):
        Rig(**flags)


def make(monkeypatch, capsys, out: Path, *flags: str) -> tuple[int, str]:
    common = ["--towns", "2", "--frames", "1", "--image-size", "16x16"]
    return call(monkeypatch, "world", "make", out, *common, *flags), capsys.readouterr().err


def test_the_flags_and_the_files_say_which_camera_it_was(tmp_path, monkeypatch, capsys) -> None:
    flags = ("--focal", "0.5", "--camera-height", "2", "--pitch", "-3")
    assert make(monkeypatch, capsys, tmp_path, *flags)[0] == 0
    folder = tmp_path / "town_0002" / "clear"
    facts = yaml.safe_load((folder / "sequence.yaml").read_text())
    assert facts["rig"] == {"focal": 0.5, "height": 2.0, "pitch_degrees": -3.0}
    assert Camera.read(folder / "camera.yaml").fx == pytest.approx(0.5 * 0.8 * 16)
    assert make(monkeypatch, capsys, tmp_path, *flags)[0] == 0
    code, said = make(monkeypatch, capsys, tmp_path)
    assert code == 2 and "made with other settings" in said
    assert make(monkeypatch, capsys, tmp_path / "usual")[0] == 0
    usual = yaml.safe_load((tmp_path / "usual" / "town_0002" / "clear" / "sequence.yaml").read_text())
    assert "rig" not in usual


def test_a_camera_that_leans_right_turns_about_its_axis() -> None:
    before, after = (draw_town(5, 3, Rig(roll_degrees=roll)).drive.poses for roll in (0.0, 3.0))
    assert torch.equal(before[:, :, 2:], after[:, :, 2:])  # the axis and the place
    right = (before[:, :3, :3].transpose(1, 2) @ after[:, :3, :3])[:, :, 0]
    turned = torch.tensor([math.cos(math.radians(3)), math.sin(math.radians(3)), 0.0], dtype=torch.float64)
    torch.testing.assert_close(right, turned.expand(3, 3))


def test_a_camera_that_looks_right_turns_about_the_vertical() -> None:
    before, after = (draw_town(5, 3, Rig(yaw_degrees=yaw)).drive.poses for yaw in (0.0, 20.0))
    assert torch.equal(before[:, :3, 3], after[:, :3, 3])
    ahead, aside = before[:, :3, 2], after[:, :3, 2]
    assert torch.allclose(ahead[:, 1], aside[:, 1])  # as far down as before
    turn = torch.atan2(aside[:, 0], aside[:, 2]) - torch.atan2(ahead[:, 0], ahead[:, 2])
    torch.testing.assert_close(turn, torch.full_like(turn, math.radians(20)))


def test_drawn_cameras_cover_their_ranges_and_are_mostly_common() -> None:
    across, heights, pitches, rolls, yaws = [], [], [], [], []
    for seed in range(300):
        style = ("town", "country")[seed % 2]
        rig, car = draw_rig(seed, style), find_style(style).car
        across.append(2 * math.degrees(math.atan(0.5 / (rig.focal * car.focal))))
        heights.append(rig.height or 0.0)
        pitches.append(rig.pitch_degrees + math.degrees(sum(car.pitch) / 2))
        rolls.append(rig.roll_degrees)
        yaws.append(rig.yaw_degrees)
    for drawn, low, high in ((across, 45, 110), (heights, 1.1, 2.3), (pitches, -5, 5), (rolls, -3, 3)):
        edge = 0.2 * (high - low)
        assert low <= min(drawn) < low + edge and high - edge < max(drawn) <= high
    turned = [yaw for yaw in yaws if yaw]
    assert 60 < len(turned) < 120 and -60 <= min(turned) < -40 and 40 < max(turned) <= 60
    assert sum(55 <= fov <= 90 for fov in across) > 220
    assert sum(abs(pitch) < 2.5 for pitch in pitches) > 220
    assert draw_rig(7) == draw_rig(7, "town") != draw_rig(7, "country")


def test_files_say_which_camera_was_drawn(tmp_path, monkeypatch, capsys) -> None:
    assert make(monkeypatch, capsys, tmp_path, "--cameras", "drawn")[0] == 0
    facts = yaml.safe_load((tmp_path / "town_0002" / "clear" / "sequence.yaml").read_text())
    assert Rig(**facts["rig"]) == draw_rig(2)
    assert make(monkeypatch, capsys, tmp_path, "--cameras", "drawn")[0] == 0
    code, said = make(monkeypatch, capsys, tmp_path, "--cameras", "drawn", "--roll", "1")
    assert code == 2 and said.startswith("acdepth: error: --cameras drawn: each town's camera is drawn")


def test_a_bad_flag_is_one_line(tmp_path, monkeypatch, capsys) -> None:
    code, said = make(monkeypatch, capsys, tmp_path, "--pitch", "70")
    assert code == 2 and said == "acdepth: error: pitch_degrees of the camera is 70; give -30 to 30\n"
    assert list(tmp_path.iterdir()) == []

"""The step between frames by measured motion, on textures that slide by as told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from acdepth.core.files import write_text
from acdepth.data import FootageChoice, open_data, prepare
from acdepth.data.flow import flow_image, image_motion, lost_part
from acdepth.data.order import STILL, is_slower, targets
from acdepth.data.own.clip import OwnClip
from acdepth.data.own.step import choose_step, drives, told_footage
from acdepth.data.prepared import Prepared
from acdepth.teacher.settings import TeacherConfig
from tests.commands import call
from tests.data.folders import write_drive
from tests.data.own.moving import HEIGHT, WIDTH, sliding, write_images

AUTO = FootageChoice(step="auto")
PERCENT = WIDTH / 100
FLOW_ERROR = 0.1
"""Of flow at this width [%], a sixth of a pixel."""


def drive(folder: Path, percent: float | np.ndarray, count: int = 24) -> list[OwnClip]:
    """Images between which the texture moves by so much [% of the width]."""
    moved = np.broadcast_to(percent, count - 1) * PERCENT
    write_images(folder, sliding(np.concatenate([[0.0], np.cumsum(moved)])))
    return drives(open_data(folder))[0]


@pytest.mark.parametrize("percent", [0.3, 1.0, 3.0])
def test_measured_motion_is_the_motion(percent):
    first, second = map(flow_image, sliding(np.array([0.0, percent * PERCENT])))
    assert image_motion(first, second) == pytest.approx(percent, abs=FLOW_ERROR)
    assert lost_part(first, second) < 0.05 + percent / 100


def test_motion_is_that_of_the_counted_pixels():
    first, second = sliding(np.array([0.0, 3.0]))
    second[:30] = first[:30]
    counted = np.zeros((HEIGHT, WIDTH), bool)
    counted[40:] = True
    still = ~counted
    still[20:] = False
    first, second = flow_image(first), flow_image(second)
    assert image_motion(first, second, counted) == pytest.approx(3 / PERCENT, abs=2 * FLOW_ERROR)
    assert image_motion(first, second, still) < 2 * FLOW_ERROR


def test_an_image_without_texture_tells_nothing():
    blank = np.full((HEIGHT, WIDTH), 90, np.uint8)
    assert np.isnan(image_motion(blank, blank)) and np.isnan(lost_part(blank, blank))


@pytest.mark.parametrize(("percent", "step"), [(0.18, 3), (0.3, 2), (0.9, 1), (2.5, 1), (0.07, 8)])
def test_the_first_step_that_moves_enough_is_chosen(tmp_path: Path, percent, step):
    choice = choose_step(drive(tmp_path / "a", percent))
    assert (choice.step, choice.verdict, choice.doubt) == (step, "within", None)
    assert choice.motion[step] == pytest.approx(percent * step, abs=FLOW_ERROR)
    assert f"{choice.motion[step]:.2f} %" in choice.told
    assert choose_step(drives(open_data(tmp_path / "a"))[0]) == choice


@pytest.mark.parametrize(("percent", "verdict"), [(0.0, "stands"), (6.0, "too much")])
def test_what_no_step_mends_is_doubted(tmp_path: Path, percent, verdict):
    choice = choose_step(drive(tmp_path / "a", percent, count=20))
    assert choice.verdict == verdict and choice.doubt
    assert choice.step == (1 if percent else 8)


def test_images_that_have_nothing_in_common_move_too_far(tmp_path: Path):
    frames = [sliding(np.array([0.0]), seed)[0] for seed in range(8)]
    write_images(tmp_path / "a", frames)
    choice = choose_step(drives(open_data(tmp_path / "a"))[0])
    assert choice.step == 1 and choice.verdict == "too much" and choice.lost > 0.5


def test_places_where_the_camera_stands_do_not_decide(tmp_path: Path):
    halting = np.concatenate([np.zeros(30), np.full(30, 0.3)])
    choice = choose_step(drive(tmp_path / "a", halting, count=61))
    assert choice.step == 2 and 0 < choice.moving < choice.places


def test_a_short_drive_keeps_three_frames(tmp_path: Path):
    choice = choose_step(drive(tmp_path / "a", 0.05, count=5))
    assert choice.step == 2 and choice.verdict in ("stands", "too little")


def test_black_images_are_all_used(tmp_path: Path):
    write_images(tmp_path / "a", [np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * 12)
    choice = choose_step(drives(open_data(tmp_path / "a"))[0])
    assert (choice.step, choice.verdict) == (1, "unknown")


def test_pieces_of_a_drive_share_its_step_and_keep_their_numbers(tmp_path: Path, capsys):
    drive(tmp_path / "a", 0.3, count=40)
    (tmp_path / "a" / "images" / "000017.png").unlink()
    clips = [clip for clip in open_data(tmp_path / "a", choice=AUTO) if isinstance(clip, OwnClip)]
    assert capsys.readouterr().err.count("own footage: every 2nd image of 1 drive\n") == 1
    assert [clip.key(0) for clip in clips] == ["a/images/000000.png", "a/images/000018.png"]
    assert [clip.key(1) for clip in clips] == ["a/images/000002.png", "a/images/000020.png"]
    assert [clip.frame_rate for clip in clips] == [15.0, 15.0]
    assert told_footage(clips) == "own footage: every 2nd image of 1 drive"


def test_a_step_by_hand(tmp_path: Path):
    write_drive(tmp_path / "a", count=8, speed=12.0)
    (clip,) = open_data(tmp_path / "a", choice=FootageChoice(step=3))
    assert [clip.key(index)[-6:-4] for index in range(len(clip))] == ["00", "03", "06"]
    assert clip.distance(0, 1) == pytest.approx(3.0) and clip.frame_rate == 4.0
    assert open_data(tmp_path / "a") != [clip] and not clip.watches_motion


@pytest.mark.parametrize("step", [0, -1, "fast", 1.5])
def test_no_step(step):
    with pytest.raises(ValidationError):
        FootageChoice(step=step)


def test_data_sets_keep_their_rate(tmp_path: Path):
    """Photographs stand for them: their clips are of the same class."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in sorted(drive(tmp_path / "a", 0.1)[0].source.paths):
        path.rename(folder / path.name)
    assert [len(clip) for clip in open_data(folder, choice=AUTO)] == [24]


def halting(folder: Path, choice: FootageChoice) -> Prepared:
    """Ten frames that move by 1 %, four between which the camera stands, and ten that move again."""
    write_images(folder / "data", sliding(np.cumsum(np.r_[[1.6] * 10, [0.0] * 4, [1.6] * 10])))
    return prepare(open_data(folder / "data", choice=choice), folder / "out", (45, 80))


def test_frames_at_which_the_camera_stands_are_no_targets(tmp_path: Path):
    prepared = halting(tmp_path, AUTO)
    motion = prepared.frames.motion
    assert motion[:9] == pytest.approx(np.ones(9), rel=0.1) and np.isnan(motion[-1])
    assert (motion[10:13] < STILL).all()
    assert np.flatnonzero(is_slower(prepared, 0.5)).tolist() == [10, 11, 12]
    assert set(range(24)) - set(targets(prepared, 0.5).tolist()) == {10, 11, 12}
    assert not is_slower(prepared, None).any()
    known = Prepared(
        prepared.folder,
        "",
        None,
        prepared.image_size,
        "area",
        replace(prepared.frames, speed=np.full(24, 3.0)),
    )
    assert not is_slower(known, 0.5).any()  # speeds go before what the image says


def test_all_images_are_as_they_were_without_auto(tmp_path: Path):
    prepared = halting(tmp_path, FootageChoice())
    assert np.isnan(prepared.frames.motion).all() and not is_slower(prepared, 0.5).any()
    again = prepare(open_data(tmp_path / "data", choice=AUTO), tmp_path / "out", (45, 80))
    assert again.made_from != prepared.made_from and np.isfinite(again.frames.motion).any()


def test_known_speeds_are_not_measured_again(tmp_path: Path):
    write_images(tmp_path / "data", sliding(np.arange(12) * 1.6))
    write_text(tmp_path / "data" / "motion.csv", "index,speed\n" + "".join(f"{n},9\n" for n in range(12)))
    prepared = prepare(open_data(tmp_path / "data", choice=AUTO), tmp_path / "out", (45, 80))
    assert np.isnan(prepared.frames.motion).all()


def test_settings_say_auto_for_own_footage():
    for name in ("teacher", "student", "translator"):
        text = (Path(__file__).parents[3] / "src/acdepth/configs" / name / "own.yaml").read_text()
        assert "\nstep: auto\n" in text
    assert TeacherConfig().step == 1


def test_a_step_of_no_images_is_refused(tmp_path: Path, monkeypatch, capsys):
    drive(tmp_path / "a", 0.3, count=4)
    arguments = ("--depth", "measured", "--step", "0")
    assert call(monkeypatch, "translate", tmp_path / "a", tmp_path / "out", *arguments) == 2
    assert "--step 0" in capsys.readouterr().err

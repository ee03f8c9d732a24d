"""True depth works, what is no depth is degenerate, and the camera's motion is found from images alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from torch import Tensor

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import read_json
from acdepth.core.shipped import STUDENT
from acdepth.data.folder import open_data
from acdepth.evaluation.unlabelled import UnlabelledCheck, check_unlabelled
from acdepth.evaluation.unlabelled.answers import Answers
from acdepth.evaluation.unlabelled.numbers import Numbers
from acdepth.evaluation.unlabelled.places import Place, read_place
from acdepth.evaluation.unlabelled.scene import Shape, find_shape, find_sky
from acdepth.evaluation.unlabelled.verdict import Bounds, judge
from acdepth.inference.model import DepthModel
from acdepth.networks.depth_net import DepthOutput
from acdepth.world.export import DriveSettings, sequence_folder, write_towns
from tests.commands import call
from tests.data.folders import write_drive
from tests.inference.relative import WALL, GrayDrive, relative_model

SIZE, FRAMES, PLACES = (128, 224), 12, 3
FARTHEST = 80.0
HEIGHT = 1.45
"""Of the camera of the drive [m]."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("world")
    write_towns(out, [9501], [Condition.CLEAR], DriveSettings(FRAMES, SIZE), "cpu")
    return sequence_folder(out, 9501, Condition.CLEAR)


@pytest.fixture(scope="module")
def drive(folder: Path) -> Clip:
    (clip,) = open_data(folder)
    return clip


def model_of(say: Callable[[Tensor], Tensor], name: str = "made") -> DepthModel:
    """A model whose depth [m] (B, 1, H, W) is what ``say`` makes of images (B, 3, H, W)."""
    return DepthModel(
        name, lambda image, night: DepthOutput((1 / say(image),), ()), SIZE, device=torch.device("cpu")
    )


def knowing(drive: Clip) -> DepthModel:
    """It knows the true depth of each frame, of its mirror image, and of either in less light."""
    frames = torch.stack([torch.from_numpy(drive.image(i)).permute(2, 0, 1).float() for i in range(FRAMES)])
    depths = []
    for index in range(FRAMES):
        measured = drive.depth(index)
        assert measured is not None
        depths.append(torch.from_numpy(np.where(measured > 0, measured, FARTHEST).clip(max=FARTHEST))[None])
    known = torch.cat([frames, frames.flip(-1)])
    answers = torch.cat([torch.stack(depths), torch.stack(depths).flip(-1)])

    def likest(image: Tensor) -> int:
        centred = known - known.mean((1, 2, 3), keepdim=True)
        alike = (centred * (image - image.mean())).flatten(1).sum(1) / centred.flatten(1).norm(dim=1)
        return int(alike.argmax())

    return model_of(lambda images: torch.stack([answers[likest(one)] for one in images]))


def checked(model: DepthModel, drive: Clip, out: Path | None = None) -> UnlabelledCheck:
    return check_unlabelled(model, [drive], out, places=PLACES)


def test_true_depth_works(drive: Clip, tmp_path: Path) -> None:
    result = checked(knowing(drive), drive, tmp_path)
    assert (result.verdict, result.in_words) == ("works", "works")
    assert result.score < 0.3
    assert result.measures["same_point"].value == pytest.approx(0, abs=0.03)
    assert UnlabelledCheck.from_dict(read_json(tmp_path / "unlabelled.json"), "again") == result
    assert (tmp_path / "unlabelled.png").stat().st_size > 1000


def ramp(images: Tensor) -> Tensor:
    """The same level road below a horizon in every image, whatever it shows."""
    height = images.shape[-2]
    below = torch.linspace(-1, 1, height)[:, None].clamp(min=0.02)
    return (1.5 / below).expand(len(images), 1, *images.shape[-2:])


@pytest.mark.parametrize(
    ("say", "reason"),
    [
        (lambda images: torch.full_like(images[:, :1], 12.0), "nearly the same everywhere"),
        (ramp, "does not depend on the picture"),
        (lambda images: torch.full_like(images[:, :1], float("nan")), "is not a number"),
    ],
    ids=["constant", "ramp", "no number"],
)
def test_what_is_no_depth_is_named(drive: Clip, say: Callable[[Tensor], Tensor], reason: str) -> None:
    result = checked(model_of(say), drive)
    assert result.verdict == "degenerate" and reason in result.in_words and "; try: " in result.in_words


def test_near_taken_for_far_is_degenerate_and_scores_worse_than_the_truth(drive: Clip) -> None:
    true = knowing(drive)
    turned = model_of(lambda images: 80 * true.backend(images, None).inverse_depths[0].clamp(min=1e-3))
    result = checked(turned, drive)
    assert result.verdict == "degenerate" and result.score > checked(true, drive).score + 0.2


def test_metres_that_are_half_are_doubtful_and_no_more(drive: Clip) -> None:
    true = knowing(drive)
    half = model_of(lambda images: 0.5 / true.backend(images, None).inverse_depths[0])
    result = checked(half, drive)
    assert result.verdict == "doubtful" and "metres are 0.5" in result.in_words


def test_motion_is_found_from_the_images_alone(drive: Clip) -> None:
    place = read_place(drive, 2)
    motion, measured = place.motions[0], drive.depth(2)
    assert motion is not None and measured is not None
    # The car drives forward: what the first camera sees at z, the next sees nearer.
    assert motion.T_target_to_source[2, 3] < -0.97
    assert np.linalg.norm(motion.T_target_to_source[:3, 3]) == pytest.approx(1)
    true = measured[motion.row, motion.column]
    ratio = np.log(motion.depth[true > 0] / true[true > 0])
    assert np.median(np.abs(ratio - np.median(ratio))) < 0.1


def tilted(drive: Clip, degrees: float) -> DepthModel:
    """It knows the truth, but inverse depth is greater by one number, so that the road rises ahead."""
    true = knowing(drive)

    def say(images: Tensor) -> Tensor:
        inverse = true.backend(images, None).inverse_depths[0]
        return 1 / (inverse + np.tan(np.radians(degrees)) / HEIGHT)

    return model_of(say)


def test_a_road_that_rises_against_the_way_the_camera_moves_is_doubtful(drive: Clip) -> None:
    level = checked(knowing(drive), drive).measures["rise"]
    assert level.value == pytest.approx(0, abs=0.4) and level.finding == "works"
    found = checked(tilted(drive, 3.0), drive)
    rise = found.measures["rise"]
    assert rise.value == pytest.approx(3.0 + level.value, abs=0.3)
    assert found.verdict == "doubtful" and "come out too short, 10 camera heights ahead by 3" in rise.reason


@pytest.mark.parametrize(
    ("rise", "said"),
    [
        (3.0, "too short, 10 camera heights ahead by 34 %"),
        (-2.0, "falls by 2.0 degrees"),
        (-2.0, "too long, 10 camera heights ahead by 54 %"),
        (-7.0, "by any factor"),
    ],
)
def test_what_a_tilted_road_does_to_distances_is_said(rise: float, said: str) -> None:
    tilted = replace(numbers(0.4, 0.6), rise=rise, rise_low=rise - 0.5, rise_high=rise + 0.5)
    assert said in judge(model_of(ramp), tilted, 9).measures["rise"].reason


def test_weather_and_a_prior_are_asked_where_they_are_given(drive: Clip) -> None:
    true = knowing(drive)

    def prior(image: np.ndarray) -> np.ndarray:
        frame = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
        return -true.backend(frame, None).inverse_depths[0][0, 0].numpy()

    result = check_unlabelled(
        true,
        [drive],
        places=PLACES,
        order=prior,
        translated=lambda clip, index: {"same": clip.image(index), "other": drive.image(FRAMES - 1 - index)},
    )
    assert result.measures["translated_same"].value == 0
    other = result.measures["translated_other"].value
    assert other is not None and other > 0
    assert result.measures["order"].value == 0 and result.measures["order"].finding == "degenerate"


def test_sky_at_the_far_end_of_the_range_is_where_it_belongs() -> None:
    """On a motorway the sky is half of the picture."""
    image = np.full((90, 160, 3), 90, np.uint8)
    image[:50] = 230
    depth = np.repeat(np.linspace(60, 5, 90)[:, None], 160, 1)
    depth[:50] = FARTHEST
    place = Place(Mock(), 0, (), [image], None, None, ())
    sky = [find_sky(place)]
    below_the_sky = find_shape([Answers(place, [depth], 0.0, 0.0, {}, 0.0)], sky)
    assert below_the_sky.stuck < 0.1
    run_away = find_shape([Answers(place, [np.where(depth > 10, FARTHEST, depth)], 0.0, 0.0, {}, 0.0)], sky)
    assert run_away.stuck > 0.6


def numbers(by_road: float, explained: float, road: float = 1.0) -> Numbers:
    shape = Shape(finite=1.0, contrast=15.0, alike=0.9, stuck=0.1)
    motion = Numbers(shape, pairs=8, explained=explained, by_wall=0.2, by_road=by_road, same_point=0.02)
    return replace(motion, road_found=road, road_frames=24)


@pytest.mark.parametrize(
    ("by_road", "explained", "road", "verdict"),
    [
        (0.4, 0.6, 1.0, "works"),
        (0.4, 0.2, 1.0, "doubtful"),  # no better than a wall
        (0.21, 0.2, 1.0, "works"),  # nor is a true road: the footage cannot tell
        (0.4, 0.6, 0.0, "degenerate"),  # a road in no frame at all
    ],
)
def test_depth_is_held_against_motion_where_that_tells_distances(
    by_road: float, explained: float, road: float, verdict: str
) -> None:
    result = judge(model_of(ramp), numbers(by_road, explained, road), 9)
    assert result.verdict == verdict, result.in_words


def test_a_road_that_is_in_none_of_a_few_frames_is_doubtful() -> None:
    few = replace(numbers(0.4, 0.6, road=0.0), road_frames=6)
    assert judge(model_of(ramp), few, 6).verdict == "doubtful"


def test_a_place_that_cannot_be_read_is_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drive = write_drive(tmp_path / "drive", count=24)
    for name in ("camera.yaml", "motion.csv"):  # without a camera nothing moves, which is looked at quickly
        (drive / name).unlink()
    footage, images = open_data(drive), drive / "images"
    (images / "000023.png").write_bytes(b"no picture")
    assert check_unlabelled(model_of(ramp), footage, places=30).frames == 3 * 20  # of all places but the last
    assert "000023.png" in caplog.text and "skipped" in caplog.text
    (images / "000000.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"000023\.png.* \(2 of 21 frames cannot be read so far, 1 may be"):
        check_unlabelled(model_of(ramp), footage, places=30)


def test_what_cannot_be_told_is_said_in_words_without_a_number() -> None:
    shape = Shape(finite=0.0, contrast=np.nan, alike=np.nan, stuck=np.nan)
    changes = {"night": np.nan}
    for one in judge(model_of(ramp), Numbers(shape, translated=changes), 1).measures.values():
        assert one.in_words and "nan" not in one.in_words, one


def test_metres_of_a_model_that_says_none_are_not_asked_for() -> None:
    known = replace(numbers(0.4, 0.6), metres=0.03)
    assert "metres" in judge(model_of(ramp), known, 9).measures
    relative = replace(model_of(ramp), relative=True)
    assert "metres" not in judge(relative, known, 9).measures


def test_a_relative_model_is_checked_in_metres_where_there_are_any(caplog: pytest.LogCaptureFixture) -> None:
    road = GrayDrive([50, 60, 70, 55, 65, WALL])
    result = check_unlabelled(relative_model(), [road])
    assert result.frames == 6 and "1 of 3 places tell no metres and are not looked at" in caplog.text
    assert "around 1.50" in result.measures["height"].in_words
    road.camera_height = None
    with pytest.raises(UserError, match="says what is nearer, not how far"):
        check_unlabelled(relative_model(), [road])


def test_bounds_say_which_way_is_good() -> None:
    more, less = Bounds(2.0, 1.0), Bounds(0.1, 0.5)
    assert [more.finding(value) for value in (3, 1.5, 0.5)] == ["works", "doubtful", "degenerate"]
    assert [less.finding(value) for value in (0.05, 0.3, 0.7)] == ["works", "doubtful", "degenerate"]
    assert more.finding(float("nan")) == "unknown"


def test_the_verb_says_it_in_words_and_by_its_exit_code(
    folder: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    def check(*more: str) -> tuple[int, str]:
        flags = ("--places", "1", "--out", str(tmp_path / "out"), *more)
        return call(monkeypatch, "check", STUDENT, "--data", folder, *flags), capsys.readouterr().out

    code, said = check("--step", "1")
    assert code == 0 and said.splitlines()[-1].split(":")[0] in ("works", "doubtful")
    assert call(monkeypatch, "check", STUDENT, "--data", tmp_path / "nowhere") == 2

"""Metres from the camera's height above the road: what a network sees of the road, and what its card says."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import acdepth.teacher.training as training
from acdepth.core.files import read_json
from acdepth.data.folder import open_data
from acdepth.data.prepared import Prepared, prepare
from acdepth.engine import LoopSettings
from acdepth.inference.model import open_model
from acdepth.networks.checkpoint import load_checkpoint
from acdepth.networks.depth_net import DepthNetConfig
from acdepth.teacher.metres import LEAST_FRAMES, RoadHeights, find_metres, see_road, write_metres
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.training import train_teacher
from tests.data.folders import CAMERA, picture, write_drive

SIZE = (64, 96)
CONFIG = TeacherConfig(
    network=DepthNetConfig(width=8),
    image_size=SIZE,
    loop=LoopSettings(
        steps=1, batch_size=2, log_every=1, checkpoint_every=1, precision="fp32", device="cpu", trackers=()
    ),
)


def heights(seen: np.ndarray, given: float = np.nan, clips: int = 2) -> RoadHeights:
    clip = np.arange(len(seen)) * clips // len(seen)
    return RoadHeights(clip, np.asarray(seen, float), np.full(len(seen), given))


class RoadEverywhere(nn.Module):
    """Says of every image that it shows a level road, seen from ``height``, and no sky."""

    def __init__(self, height: float) -> None:
        super().__init__()
        self.height = nn.Parameter(torch.tensor(height))

    def forward(self, image: torch.Tensor) -> SimpleNamespace:
        camera = CAMERA.resized(*SIZE)
        down = (torch.arange(SIZE[0]).view(1, 1, -1, 1) - camera.cy) / camera.fy
        inverse = (down / self.height).clamp(min=0.01).expand(len(image), 1, *SIZE)
        return SimpleNamespace(inverse_depths=(inverse,))


def drives(folder, *of_height: float | None, count: int = 4) -> Prepared:
    """Drives without speeds, of which the camera's height is given or is not."""
    for number, height in enumerate(of_height):
        drive = write_drive(folder / "data" / f"drive_{number}", count)
        (drive / "motion.csv").unlink()
        if height is not None:
            with (drive / "camera.yaml").open("a") as stream:
                stream.write(f"camera_height: {height}\n")
    return prepare(open_data(folder / "data"), folder / "prepared", SIZE)


@pytest.mark.parametrize(
    ("given", "clips"), [((1.5, 1.2), [0, 0, 1, 1]), ((None, 1.5), [1, 1]), ((None, None), [0, 0, 1, 1])]
)
def test_the_road_is_seen_in_every_drive_or_in_those_with_a_height(tmp_path, given, clips):
    network = RoadEverywhere(0.75)
    road = see_road(network, drives(tmp_path, *given, count=2))  # pyright: ignore[reportArgumentType]
    assert road.clip.tolist() == clips
    np.testing.assert_allclose(road.seen, 0.75, rtol=1e-4)
    np.testing.assert_array_equal(road.given, [given[clip] or np.nan for clip in clips])


def test_the_vehicle_itself_is_no_road(tmp_path):
    prepared = drives(tmp_path, 1.5)
    bonnet = np.ones(SIZE, bool)
    bonnet[36:] = False
    frames = replace(prepared.frames, masks=bonnet[None], clip_mask=np.zeros(1, int))
    masked = Prepared(prepared.folder, "", None, SIZE, "area", frames)
    network = RoadEverywhere(0.75)
    assert np.isnan(see_road(network, masked).seen).all()  # pyright: ignore[reportArgumentType]


def test_the_scale_is_the_median_over_frames_and_its_error_is_over_drives():
    seen = np.concatenate([np.full(20, 0.5), np.full(20, 0.6)]) * np.tile([0.98, 1.0, 1.0, 1.02], 10)
    metres = find_metres(heights(seen, given=1.2), motion=None)
    assert metres.source == "camera height" and metres.frames == 40
    factors = 1.2 / seen
    assert metres.scale == pytest.approx(np.median(factors))
    low, high = np.quantile(factors, (0.25, 0.75))
    assert metres.spread == pytest.approx((high - low) / np.median(factors))
    assert metres.error == pytest.approx((2.4 - 2.0) / 2 / metres.scale)


def test_every_drive_may_have_a_camera_of_its_own():
    road = heights(np.repeat([0.5, 1.0], 30))
    road.given[:30], road.given[30:] = 1.0, 2.0
    metres = find_metres(road, motion=None)
    assert metres.scale == 2.0 and metres.spread == 0.0 and metres.error == 0.0


def test_frames_without_a_road_do_not_count_and_too_few_give_no_metres(caplog):
    seen = np.full(100, 0.5)
    seen[LEAST_FRAMES:] = np.nan
    assert find_metres(heights(seen, given=1.0), motion=None).scale == 2.0
    seen[0] = np.nan
    metres = find_metres(heights(seen, given=1.0), motion=None)
    assert (metres.source, metres.scale, metres.spread) == ("none", 1.0, None)
    assert "the road was found in 19 of 100 frames only (20 are needed)" in caplog.text


def test_known_motion_gives_the_metres_and_the_road_their_spread(caplog):
    # Cameras of unlike heights are no spread.
    seen = np.concatenate([1.5 * np.ones(20), 3.0 * np.ones(20)]) * np.tile([0.9, 1.0, 1.0, 1.1], 10)
    metres = find_metres(heights(seen), motion="poses")
    assert metres.source == "poses" and metres.scale == 1.0 and metres.error is None
    assert metres.spread is not None and 0.03 < metres.spread < 0.1
    assert find_metres(heights(np.full(40, 1.5), given=1.6), motion="poses").scale == 1.0
    assert not caplog.text
    find_metres(heights(np.full(40, 1.5), given=2.0), motion="speeds")
    assert "by the speeds the camera is 1.50 m above the road, by its camera_height 2.00 m" in caplog.text


def test_without_known_motion_and_height_depth_has_no_metres():
    assert find_metres(heights(np.full(40, 1.5)), motion=None).source == "none"


def test_the_file_says_it_drive_by_drive(tmp_path):
    prepared = drives(tmp_path, 1.5, None)
    road = RoadHeights(np.array([0, 0, 1]), np.array([0.5, np.nan, np.nan]), np.array([1.5, 1.5, np.nan]))
    metres = find_metres(heights(np.full(40, 0.5), 1.5), None)
    write_metres(tmp_path, metres, road, prepared.frames)
    assert read_json(tmp_path / "metres.json") == {
        "metres": metres.to_dict(),
        "clips": {
            "drive_0": {"frames": 2, "with_road": 1, "camera_height": 1.5, "seen_height": 1.5},
            "drive_1": {"frames": 1, "with_road": 0, "camera_height": None, "seen_height": None},
        },
    }


def test_a_teacher_without_speeds_says_metres_by_its_camera_height(tmp_path, monkeypatch):
    """An untrained network sees no road, so one is put before it."""
    drives(tmp_path, 1.5, 1.5)
    road = heights(np.full(40, 0.6), given=1.5)
    plain = train_teacher(CONFIG, tmp_path / "data", tmp_path / "plain")
    monkeypatch.setattr(training, "see_road", lambda *_: road)
    scaled = train_teacher(CONFIG, tmp_path / "data", tmp_path / "scaled")
    (_, before), (_, card) = (load_checkpoint(path) for path in (plain, scaled))
    assert before.metres and card.metres
    assert not before.metric and before.metres.source == "none"
    assert card.metric and card.metres.source == "camera height" and card.metres.scale == pytest.approx(2.5)
    image = picture(0, *SIZE)
    without, metric = (
        open_model(path, device="cpu").infer([image], [SIZE])[0].inverse_depth for path in (plain, scaled)
    )
    torch.testing.assert_close(without, 2.5 * metric)


def test_lengths_of_motion_that_were_not_learnt_from_give_no_metres(tmp_path, monkeypatch):
    data = write_drive(tmp_path / "data", count=4)
    given = []
    monkeypatch.setattr(
        training, "find_metres", lambda road, motion, held: given.append(motion) or find_metres(road, motion)
    )
    for number, values in enumerate(({"velocity_weight": 0.0}, {})):
        train_teacher(CONFIG.model_copy(update=values), data, tmp_path / str(number))
    assert given == [None, "speeds"]

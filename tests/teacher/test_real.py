"""A teacher on real footage."""

import json

import pytest

from acdepth.core.presets import find_config
from acdepth.engine import LoopSettings
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.training import train_teacher
from tests.real import REAL, needs_real_data


@pytest.mark.slow
@needs_real_data
def test_kitti_drives_lower_the_photometric_loss(tmp_path):
    own = TeacherConfig.read(find_config("teacher", "own"))
    loop = LoopSettings(
        steps=60, batch_size=4, learning_rate=5e-4, log_every=20, checkpoint_every=60, trackers=()
    )
    from_nothing = {"start": None, "pose_first": 0, "pull": 0, "level": 0, "held_out": 0}
    from_nothing |= {"depth_batch_norm": "train", "depth_rate": 1, "initial_depth": 15}
    config = own.model_copy(update={"image_size": (64, 192), "loop": loop, **from_nothing})
    train_teacher(config, REAL / "kitti_odometry", tmp_path)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    first, last = (line["terms"]["photometric"] for line in (lines[0], lines[-1]))
    assert last < 0.95 * first

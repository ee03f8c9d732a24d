"""Images that tell no metres are left out of what a relative model predicts, and it is said how many."""

from pathlib import Path

import numpy as np
import pytest

from acdepth.core.errors import UserError
from acdepth.core.lens import Lens
from acdepth.data.own.video import whole_video
from acdepth.inference.predictor import Predictor
from acdepth.prediction.options import Options
from acdepth.prediction.run import run_all
from acdepth.prediction.video import UnreadableVideo, predict_video
from tests.cli.test_predict import write_image
from tests.inference.relative import CAMERA, LENS_HEIGHT, gray, relative_model
from tests.prediction.test_video import read_video, write_video

LENS = Lens(CAMERA, camera_height=LENS_HEIGHT)
OPTIONS = Options(LENS)


def predict(*inputs: Path, out: Path) -> None:
    run_all(inputs, out, lambda: Predictor(relative_model()), OPTIONS)


def test_images_are_left_out_and_the_others_predicted(tmp_path, capsys):
    for name, value in {"a": 10, "b": 250, "c": 20, "d": 251}.items():
        write_image(tmp_path / "in" / f"{name}.png", gray(value))
    predict(tmp_path / "in", out=tmp_path / "out")
    said = capsys.readouterr().err
    assert {path.name for path in (tmp_path / "out").glob("*_depth.png")} == {"a_depth.png", "c_depth.png"}
    assert "predicted 2 of 4" in said and said.count("no road") == 1
    assert f"2 of 4 tell no metres and are left out, first {tmp_path / 'in' / 'b.png'}: no road" in said


def test_where_none_tells_metres_it_is_an_error(tmp_path):
    one, other = (write_image(tmp_path / f"{name}.png", gray(250)) for name in "ab")
    with pytest.raises(UserError, match=r"a.png: no road is seen"):
        predict(one, out=tmp_path / "out")
    with pytest.raises(UserError, match="none of 2 tells metres"):
        predict(one, other, out=tmp_path / "out")


def test_frames_of_a_video_show_the_picture_before(tmp_path):
    flat = relative_model()
    shown = [gray(value) for value in (10, 12, 250, 20)]
    video = whole_video(write_video(tmp_path / "drive.mp4", shown)).through(LENS)
    left_out = predict_video(Predictor(flat), video, tmp_path / "out.mp4")
    assert left_out.unreadable == 0 and [one.where for one in left_out.without_metres] == ["frame 2"]
    frames, _ = read_video(tmp_path / "out.mp4")
    assert len(frames) == 4 and np.abs(frames[2].astype(int) - frames[1]).mean() < 2
    walls = whole_video(write_video(tmp_path / "walls.mp4", [gray(250)] * 3)).through(LENS)
    with pytest.raises(UnreadableVideo, match="none of its 3 frames tells metres, such as frame 0: no road"):
        predict_video(Predictor(flat), walls, tmp_path / "none.mp4")
    assert not (tmp_path / "none.mp4").exists()

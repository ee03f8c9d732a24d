import json

import cv2
import numpy as np
import pytest

from acdepth.core.condition import Condition
from acdepth.evaluation.evaluate import evaluate
from acdepth.evaluation.examples import export_examples
from acdepth.evaluation.protocols import find_protocol
from tests.evaluation.footage import HEIGHT, WIDTH, Drive, constant

WORLD = find_protocol("world-80m")


def export(footage, out):
    models = [constant("teacher", 40.0), constant("student", 10.0)]
    rows = evaluate(models, footage, WORLD)
    export_examples(rows, models, "student", footage, WORLD, out)
    return json.loads((out / "index.json").read_text())


def test_best_median_and_worst_are_those_of_the_chosen_model(tmp_path):
    drives = [Drive("day", [20.0, 10.0, 40.0, 11.0, 12.0]), Drive("dark", [10.0, 20.0], Condition.NIGHT)]
    shown = export(drives, tmp_path / "examples")
    assert [(e["condition"], e["rank"], e["key"]) for e in shown] == [
        ("clear", "best", "day/images/000001.png"),
        ("clear", "median", "day/images/000004.png"),
        ("clear", "worst", "day/images/000002.png"),
        ("night", "best", "dark/images/000000.png"),
        ("night", "worst", "dark/images/000001.png"),
    ]
    assert shown[0]["student_abs_rel"] == pytest.approx(0.0, abs=1e-6)
    assert shown[0]["teacher_abs_rel"] == pytest.approx(3.0)
    worst = shown[2]
    image = cv2.imread(str(tmp_path / worst["image"]))
    assert image.shape == (HEIGHT, WIDTH, 3) and (image == 12).all()
    assert np.all(np.load(tmp_path / worst["truth"]) == 40.0)
    assert np.allclose(np.load(tmp_path / worst["depth"]["student"]), 10.0)
    assert np.allclose(np.load(tmp_path / worst["depth"]["teacher"]), 40.0)


def test_a_single_frame_is_shown_once(tmp_path):
    assert [example["rank"] for example in export([Drive("day", [10.0])], tmp_path / "examples")] == ["best"]

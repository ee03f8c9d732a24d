import json

import cv2
import numpy as np
import pytest
import torch

from acdepth.cli.evaluate import evaluate
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.networks.checkpoint import CheckpointCard, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from tests.data.folders import HEIGHT, WIDTH
from tests.real import REAL, needs_real_data


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Two tiny checkpoints, by name; one of them knows no true lengths."""
    folder = tmp_path_factory.mktemp("weights")
    for name in ("teacher", "student"):
        torch.manual_seed(len(name))
        card = CheckpointCard(
            network=DepthNetConfig(width=16), input_size=(64, 96), metric=name == "teacher", description=name
        )
        save_checkpoint(folder / name / "model.safetensors", DepthNet(card.network), card)
    return folder


def test_a_table_and_the_files_behind_it(weights, data, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")  # wide enough that no word of the table is broken
    out = tmp_path / "out"
    evaluate(data, weights=(f"base={weights / 'teacher'}", str(weights / "student")), out=out, device="cpu")
    said = capsys.readouterr()
    for text in ("base", "student", "clear", "night", "protocol own", "alignment none", "condition unknown"):
        assert text in said.out
    assert "student was trained without true lengths" in said.err
    assert "12 of 12 images have measured depth in range, 0 unreadable" in said.err
    results = json.loads((out / "results.json").read_text())
    assert results["model_order"] == ["base", "student"]
    assert results["models"]["base"]["night"]["images"] == 6
    assert results["frames"] == {"found": 12, "scored": 12, "unreadable": 0}
    assert results["checkpoints"]["student"]["description"] == "student"
    assert len((out / "frames.jsonl").read_text().splitlines()) == 24
    assert (out / "examples" / "night_best.png").exists()


def test_what_masks_leave_out_is_said(weights, data, tmp_path, capsys):
    chosen = (str(weights / "teacher"),)
    evaluate(data, weights=chosen, out=tmp_path / "whole", examples=False, device="cpu")
    assert "masks leave out" not in capsys.readouterr().err
    for drive in data.glob("*/*"):
        shades = np.full((HEIGHT, WIDTH), 255, np.uint8)
        shades[HEIGHT // 2 :] = 0
        cv2.imwrite(str(drive / "mask.png"), shades)
    evaluate(data, weights=chosen, out=tmp_path / "masked", examples=False, device="cpu")
    assert "masks leave out 50 % of the image" in capsys.readouterr().err
    written = [json.loads((tmp_path / name / "results.json").read_text()) for name in ("whole", "masked")]
    assert "masked" not in written[0]["data"] and written[1]["data"]["masked"] == 0.5


def test_the_same_command_writes_the_same_bytes(weights, data, tmp_path):
    for out in ("first", "second"):
        evaluate(data, weights=(str(weights / "teacher"),), out=tmp_path / out, examples=False, device="cpu")
    for name in ("results.json", "frames.jsonl"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_a_second_run_takes_the_place_of_all_of_the_first_at_its_end(weights, data, tmp_path, monkeypatch):
    out = tmp_path / "out"
    chosen = (str(weights / "teacher"),)
    evaluate(data, weights=chosen, out=out, device="cpu")
    (out / "report.html").touch()
    (out / "examples" / "mine.png").touch()
    first = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("acdepth.evaluation.run.write_results", killed)
        evaluate(data, weights=chosen, out=out, conditions="night", device="cpu")
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == first
    evaluate(data, weights=chosen, out=out, conditions="night", examples=False, device="cpu")
    left = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert left == {".lock", "results.json", "frames.jsonl", "examples/mine.png"}
    assert len((out / "frames.jsonl").read_text().splitlines()) == 6


def test_chosen_conditions_alignment_and_flip_are_in_the_results(weights, data, tmp_path, capsys):
    evaluate(
        data,
        weights=(str(weights / "student"),),
        out=tmp_path / "out",
        alignment="median",
        flip=True,
        conditions="night",
        examples=False,
        device="cpu",
    )
    said = capsys.readouterr()
    assert "not metric" in said.out and "true lengths" not in said.err
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert list(results["models"]["student"]) == ["night"]
    assert (results["protocol"]["alignment"], results["protocol"]["flip"]) == ("median", True)
    assert not (tmp_path / "out" / "examples").exists()


def test_the_shipped_student_is_named_shipped(weights, data, tmp_path, capsys):
    chosen = (f"teacher={weights / 'teacher'}", "shipped", "same=shipped")
    evaluate(data, weights=chosen, out=tmp_path / "out", conditions="clear", examples=False, device="cpu")
    models = json.loads((tmp_path / "out" / "results.json").read_text())["models"]
    assert list(models) == ["same", "shipped", "teacher"] and models["same"] == models["shipped"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"conditions": "fog"}, "no footage of --conditions fog; it has clear, night"),
        ({"protocol": "mine"}, "protocol 'mine' is unknown"),
        ({"batch_size": 0}, "--batch-size 0: must be at least 1"),
        ({"weights": ("no/such.safetensors",)}, "no such checkpoint"),
        ({"weights": ("a b={teacher}",)}, "'a b' is no name"),
        ({"weights": ("{teacher}", "teacher={student}")}, "a second model teacher"),
    ],
)
def test_mistakes_are_named_and_nothing_is_written(weights, data, tmp_path, options, message):
    paths = {name: weights / name for name in ("teacher", "student")}
    chosen = tuple(text.format(**paths) for text in options.get("weights", ("{teacher}",)))
    with pytest.raises(UserError, match=message):
        evaluate(data, **{**options, "weights": chosen, "out": tmp_path / "out", "device": "cpu"})
    assert not (tmp_path / "out").exists()


def test_a_network_of_a_crop_is_not_given_the_whole_image_stretched(data, tmp_path):
    crop = Crop(height=16, width=40)
    card = CheckpointCard(network=DepthNetConfig(width=16), input_size=(64, 96), crop=crop)
    save_checkpoint(tmp_path / "cropped" / "model.safetensors", DepthNet(card.network), card)
    chosen = (str(tmp_path / "cropped"),)
    with pytest.raises(UserError, match="trained on a part of the image"):
        evaluate(data, weights=chosen, protocol="world-80m", out=tmp_path / "out", device="cpu")
    evaluate(data, weights=chosen, protocol="own", out=tmp_path / "out", examples=False, device="cpu")


@needs_real_data
def test_sparse_lidar_of_another_camera(weights, tmp_path, capsys):
    out = tmp_path / "out"
    evaluate(REAL / "kitti_lidar", weights=(str(weights / "teacher"),), out=out, alignment="median")
    assert "not metric" in capsys.readouterr().out
    results = json.loads((out / "results.json").read_text())
    clear = results["models"]["teacher"]["clear"]
    assert (clear["images"], clear["sequences"]) == (6, 6)
    # An untrained network, given the median, is wrong by a half or so, and not by a factor.
    assert 0.1 < clear["abs_rel"]["low"] < clear["abs_rel"]["high"] < 2

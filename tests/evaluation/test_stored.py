"""Predictions are kept and scored again, and anybody's are scored without a network."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from acdepth.cli.evaluate import evaluate
from acdepth.core.errors import UserError
from acdepth.networks import depth_net
from tests.data.folders import write_drive
from tests.inference.tiny import tiny_checkpoint


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_drive(tmp_path / "data", 3, depth=True)


def errors(out: Path) -> list[dict[str, float]]:
    return [json.loads(line)["metrics"] for line in (out / "frames.jsonl").read_text().splitlines()]


def write_depth(folder: Path, data: Path, write) -> Path:
    """The measured depth itself as somebody's prediction; where nothing was measured it is 10 m."""
    for file in sorted((data / "depth").glob("*.png")):
        truth = cv2.imread(str(file), cv2.IMREAD_UNCHANGED).astype(np.float32) / 256
        target = folder / data.name / "images" / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target.with_suffix(""), np.where(truth > 0, truth, 10).astype(np.float32))
    return folder


@pytest.mark.parametrize("protocol", ["own", "world-80m", "kitti-eigen-80m"])
@pytest.mark.parametrize("flip", [False, True])
def test_what_was_kept_gives_the_same_numbers_without_the_network(
    data: Path, tmp_path: Path, protocol: str, flip: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = str(tiny_checkpoint(tmp_path / "model.safetensors"))
    first, second = tmp_path / "first", tmp_path / "second"
    asked = {"protocol": protocol, "flip": flip, "device": "cpu", "examples": False}
    evaluate(data, weights=(f"m={weights}",), out=first, keep_predictions=True, **asked)
    monkeypatch.setattr(depth_net.DepthNet, "forward", lambda *_: pytest.fail("the network was asked"))
    evaluate(data, predictions=(str(first / "predictions" / "m"),), out=second, **asked)
    assert errors(first) == errors(second)
    about = json.loads((second / "results.json").read_text())["checkpoints"]["m"]
    assert about["predictions"] == {"made_under": protocol, "flip": flip, "condition_known": False}


def test_they_can_be_scored_under_another_protocol(data: Path, tmp_path: Path) -> None:
    weights = str(tiny_checkpoint(tmp_path / "model.safetensors"))
    first, again, fresh = (tmp_path / name for name in ("first", "again", "fresh"))
    evaluate(data, weights=(f"m={weights}",), out=first, protocol="world-80m", keep_predictions=True)
    median = {"protocol": "kitti-eigen-80m", "alignment": "median"}
    evaluate(data, predictions=(str(first / "predictions" / "m"),), out=again, **median)
    evaluate(data, weights=(f"m={weights}",), out=fresh, **median)
    assert errors(again) == errors(fresh) and errors(again) != errors(first)


@pytest.mark.parametrize("kind", ["npy", "png", "predict"])
def test_depth_maps_of_anybody_are_scored(data: Path, tmp_path: Path, kind: str) -> None:
    def write(base: Path, depth: np.ndarray) -> None:
        if kind == "npy":
            np.save(base.with_suffix(".npy"), depth)
        else:
            end = ".png" if kind == "png" else "_depth.png"
            cv2.imwrite(f"{base}{end}", np.rint(depth * 256).astype(np.uint16))

    theirs = write_depth(tmp_path / "theirs", data, write)
    evaluate(data, predictions=(f"theirs={theirs}",), out=tmp_path / "out")
    assert all(metrics["abs_rel"] < 1e-5 for metrics in errors(tmp_path / "out"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.unlink(), "no such file: every scored frame needs its prediction"),
        (lambda file: file.write_bytes(b"x"), "not readable as a NumPy array"),
        (lambda file: np.save(file, np.zeros((4, 4), np.float32)), "16 pixels have no depth"),
        (lambda file: np.save(file, np.zeros((0, 4), np.float32)), "is empty"),
        (lambda file: np.save(file, np.full((24, 40), 1e-42, np.float32)), "960 pixels have no depth"),
        (lambda file: np.save(file, np.ones((40, 24), np.float32)), "24x40 pixels, but its image has 40x24"),
        (lambda file: np.save(file, np.ones((4, 4, 3), np.float32)), r"expected floats \(H, W\)"),
        (lambda file: np.save(file, np.array([{}]), allow_pickle=True), "not readable as a NumPy array"),
    ],
)
def test_bad_files_are_named(data: Path, tmp_path: Path, change, message: str) -> None:
    theirs = write_depth(tmp_path / "theirs", data, lambda base, depth: np.save(f"{base}.npy", depth))
    change(sorted(theirs.rglob("*.npy"))[1])
    with pytest.raises(UserError, match=message) as error:
        evaluate(data, predictions=(f"theirs={theirs}",), out=tmp_path / "out")
    assert error.value.where.endswith("000001.npy") and not (tmp_path / "out" / "results.json").exists()


def test_of_another_part_of_the_image_they_are_refused(data: Path, tmp_path: Path) -> None:
    weights = str(tiny_checkpoint(tmp_path / "model.safetensors"))
    evaluate(
        data, weights=(f"m={weights}",), out=tmp_path / "cut", protocol="robotcar-50m", keep_predictions=True
    )
    with pytest.raises(UserError, match="part of the images that robotcar-50m shows"):
        evaluate(data, predictions=(str(tmp_path / "cut" / "predictions" / "m"),), out=tmp_path / "out")


def test_what_it_is_asked_to_measure_is_never_deleted(data: Path, tmp_path: Path) -> None:
    weights, out = str(tiny_checkpoint(tmp_path / "model.safetensors")), tmp_path / "out"
    evaluate(data, weights=(f"m={weights}",), out=out, keep_predictions=True)
    theirs = write_depth(
        out / "predictions" / "theirs", data, lambda base, depth: np.save(f"{base}.npy", depth)
    )
    before = {path: path.read_bytes() for path in (out / "predictions").rglob("*") if path.is_file()}
    evaluate(data, predictions=(str(theirs), str(out / "predictions" / "m")), out=out)
    assert {path: path.read_bytes() for path in (out / "predictions").rglob("*") if path.is_file()} == before
    for name in ("m", "theirs"):  # being read, and not an evaluation's
        given = (f"again={out / 'predictions' / name}",)
        with pytest.raises(UserError, match="--keep-predictions would replace; give another --out"):
            evaluate(data, weights=(f"{name}={weights}",), predictions=given, out=out, keep_predictions=True)
    assert {path: path.read_bytes() for path in (out / "predictions").rglob("*") if path.is_file()} == before


def test_a_flip_that_was_not_made_is_not_claimed(data: Path, tmp_path: Path) -> None:
    weights, out = str(tiny_checkpoint(tmp_path / "model.safetensors")), tmp_path / "out"
    evaluate(data, weights=(f"m={weights}",), out=out, keep_predictions=True)
    with pytest.raises(UserError, match="made with flip false; leave out --flip"):
        evaluate(data, predictions=(str(out / "predictions" / "m"),), out=tmp_path / "no", flip=True)
    theirs = write_depth(tmp_path / "theirs", data, lambda base, depth: np.save(f"{base}.npy", depth))
    with pytest.raises(UserError, match="not known to be made with flip"):
        evaluate(data, predictions=(str(theirs),), out=tmp_path / "no", flip=True)


def test_networks_and_files_stand_in_one_table(data: Path, tmp_path: Path, capsys) -> None:
    weights = str(tiny_checkpoint(tmp_path / "model.safetensors"))
    theirs = write_depth(tmp_path / "theirs", data, lambda base, depth: np.save(f"{base}.npy", depth))
    evaluate(data, weights=(f"ours={weights}",), predictions=(f"theirs={theirs}",), out=tmp_path / "out")
    assert json.loads((tmp_path / "out" / "results.json").read_text())["model_order"] == ["ours", "theirs"]
    with pytest.raises(UserError, match="--confidence: needs networks"):
        evaluate(data, predictions=(f"theirs={theirs}",), out=tmp_path / "no", confidence="scales")

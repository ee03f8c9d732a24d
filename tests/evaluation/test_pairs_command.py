"""``acdepth data pairs`` and ``acdepth evaluate --pairs`` from images to the table."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from acdepth.cli.main import run
from acdepth.core.errors import UserError
from acdepth.networks.checkpoint import CheckpointCard, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from tests.data.folders import HEIGHT, WIDTH, picture, write_drive


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    for name in ("first", "second"):
        torch.manual_seed(len(name))
        card = CheckpointCard(network=DepthNetConfig(width=16), input_size=(64, 96))
        save_checkpoint(folder / name / "model.safetensors", DepthNet(card.network), card)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, condition in (("a", "clear"), ("b", "clear"), ("c", "night")):
        drive = write_drive(tmp_path / "data" / name, count=1, condition=condition, depth=True)
        metres = np.tile(np.linspace(60, 5, HEIGHT)[:, None], (1, WIDTH))  # nearer below, as streets are
        for path in (drive / "depth").iterdir():
            cv2.imwrite(str(path), (metres * 256).astype(np.uint16))
    return tmp_path / "data"


def evaluate(data: Path, out: Path, weights: Path, *more: str) -> dict:
    chosen = [str(weights / "first"), str(weights / "second")]
    options = ["--out", str(out), "--no-examples", "--device", "cpu"]
    run(["evaluate", str(data), "--weights", *chosen, *options, *more])
    return json.loads((out / "results.json").read_text())


def test_pairs_stand_beside_depth_and_change_nothing_of_it(
    data: Path,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    pairs = tmp_path / "pairs.csv"
    run(["data", "pairs", str(data), str(pairs), "--per-image", "6", "--same", "2"])
    assert "24 pairs of 3 images" in capsys.readouterr().err
    with_pairs = evaluate(data, tmp_path / "with", weights, "--pairs", str(pairs))
    said = capsys.readouterr().out
    assert "Pairs of points" in said and "WHDR" in said and "against first" in said
    without = evaluate(data, tmp_path / "without", weights)
    block = with_pairs.pop("ordinal")
    assert with_pairs == without
    assert block["pairs"]["found"] == block["pairs"]["scored"] == 24
    assert (
        block["models"]["second"]["clear"]["pairs"] == 16 and block["models"]["first"]["night"]["same"] == 2
    )
    assert block["reference"]["lower is closer"]["clear"]["accuracy"]["mean"] == 1.0
    capsys.readouterr()
    run(["report", str(tmp_path / "with")])
    assert "Pairs of points" in capsys.readouterr().out
    only = evaluate(data, tmp_path / "night", weights, "--pairs", str(pairs), "--conditions", "night")
    assert list(only["ordinal"]["models"]["first"]) == ["night"] and only["ordinal"]["pairs"]["scored"] == 8


def test_images_without_depth_have_an_order_to_measure(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, annotations = tmp_path / "data", {}
    for number, folder in enumerate(("street", "shop")):
        (data / "images" / folder).mkdir(parents=True)
        cv2.imwrite(str(data / "images" / folder / "1.png"), picture(number, 64, 96))
        pair = {"point1": [60, 10 + number], "point2": [5, 90], "closer_point": "point1"}
        annotations[f"images/{folder}/1.png"] = [pair, pair]
    (data / "annotations.json").write_text(json.dumps(annotations))
    command = ["--pairs", str(data / "annotations.json")]
    results = evaluate(data, tmp_path / "out", weights, *command)
    assert results["models"] == {} and results["model_order"] == ["first", "second"]
    cell = results["ordinal"]["models"]["first"]["clear"]
    assert (cell["pairs"], cell["images"], cell["interval_over"]) == (4, 2, "sequences")
    rule = results["ordinal"]["reference"]["lower is closer"]["clear"]["accuracy"]
    assert rule == {"mean": 1.0, "low": None, "high": None}  # two images that agree make nothing sure
    assert results["data"]["sequences"] == 2 and not (tmp_path / "out" / "frames.jsonl").exists()
    assert "no measured depth" in capsys.readouterr().err
    run(["report", str(tmp_path / "out")])
    said = capsys.readouterr().out
    assert " 100.0 " in said and "[100.0" not in said and "95 % intervals" not in said
    assert "no interval: fewer than 6" in " ".join(said.split())
    assert "Pairs of points" in said and "no page" in said and not (tmp_path / "out" / "report.html").exists()
    with pytest.raises(UserError, match="no measured depth, which --confidence and --corruptions need"):
        evaluate(data, tmp_path / "other", weights, *command, "--confidence", "scales")
    with pytest.raises(UserError, match="no footage found"):
        evaluate(data, tmp_path / "other", weights)


def test_a_place_that_cannot_be_written_to_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").touch()
    command = ["data", "pairs", str(tmp_path / "no_data")]
    with pytest.raises(UserError, match=r"folder.csv: is a folder; give the name of a file"):
        run([*command, str(tmp_path / "folder.csv")])
    with pytest.raises(UserError, match="file: is a file; OUT needs a folder there"):
        run([*command, str(tmp_path / "file" / "pairs.csv")])
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(UserError, match="cannot be written to; give another OUT"):
        run([*command, str(tmp_path / "pairs.csv")])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["OUT.json"], "let the name end in .csv"),
        (["OUT.csv", "--per-image", "0"], "--per-image 0 --same 0"),
        (["OUT.csv", "--min-ratio", "1"], "--min-ratio 1: must be above 1"),
        (["OUT.csv", "--min-depth", "9", "--max-depth", "3"], "--min-depth 9 --max-depth 3"),
        (["OUT.csv", "--min-depth", "70"], "no image has measured depth of 70 to 80 m"),
    ],
)
def test_mistakes_are_named_and_nothing_is_written(
    data: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    name, *flags = options
    with pytest.raises(UserError, match=message):
        run(["data", "pairs", str(data), str(tmp_path / name), *flags])
    assert not (tmp_path / name).exists()

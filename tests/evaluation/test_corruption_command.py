"""``acdepth evaluate --corruptions``."""

import json

import cv2
import pytest
import torch

from acdepth.evaluation.schema import Results
from acdepth.networks.checkpoint import CheckpointCard, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.reports.tables import corruption_tables
from tests.commands import call
from tests.data.folders import HEIGHT, WIDTH


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Two tiny checkpoints as NAME=PATH."""
    folder, named = tmp_path_factory.mktemp("weights"), []
    for seed, name in enumerate(("student", "teacher")):
        torch.manual_seed(seed)
        card = CheckpointCard(network=DepthNetConfig(width=16), input_size=(64, 96))
        save_checkpoint(folder / name / "model.safetensors", DepthNet(card.network), card)
        named.append(f"{name}={folder / name}")
    return named


def test_tables_results_and_the_sheet(weights, data, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    flags = ["--corruptions", "snow", "jpeg_compression", "fog", "--corruption-every", "2"]
    given = [
        "evaluate",
        data,
        "--weights",
        *weights,
        "--baseline",
        "teacher",
        "--out",
        out,
        "--device",
        "cpu",
    ]
    assert call(monkeypatch, *given, *flags) == 0
    said = capsys.readouterr()
    for text in (
        "all kinds",
        "weather and lighting",
        "data and processing",
        "4 clear images",
        "one frame in 2",
    ):
        assert text in " ".join(said.out.split())
    assert "CE relative to teacher" in " ".join(said.out.split())
    assert "corruptions: 60/60" in said.err  # 4 images, 3 kinds, 5 severities
    results = json.loads((out / "results.json").read_text())
    assert set(results["models"]["student"]) == {"clear", "night"}  # the usual block is as ever
    found = results["corruptions"]
    assert found["kind_order"] == ["fog", "snow", "jpeg_compression"]
    assert found["models"]["teacher"]["mce"]["mean"] == 100
    assert found["models"]["student"]["mce"]["mean"] not in (100, None)
    sheet = cv2.imread(str(out / "examples" / "corruptions.jpg"))
    # Two groups, each a heading of 18 and two pictures with margins of 4; the first has two columns.
    assert sheet.shape == (2 * (18 + 2 * (64 + 4)), 2 * (96 + 4), 3)
    assert found["corrupted_at"] == "input" and found["models"]["student"]["sizes"] == [[64, 96]]
    assert "corrupted after they were brought to the network's size 64x96" in " ".join(said.out.split())


@pytest.mark.parametrize(("size", "shown"), [("image", (HEIGHT, WIDTH)), ("32x80", (32, 80))])
def test_corrupted_at_another_size(weights, data, tmp_path, monkeypatch, capsys, size, shown):
    drive, out = data / "town_0" / "clear", tmp_path / "out"
    given = ["evaluate", drive, "--weights", weights[0], "--out", out, "--device", "cpu"]
    flags = ["--corruptions", "fog", "--corruption-every", 9, "--corruption-size", size]
    assert call(monkeypatch, *given, *flags) == 0
    said = " ".join(capsys.readouterr().out.split())
    named = "at the images' own size" if size == "image" else "at the size that was given"
    assert f"corrupted {named} {shown[0]}x{shown[1]}" in said
    found = json.loads((out / "results.json").read_text())["corruptions"]
    assert found["corrupted_at"] == size and found["models"]["student"]["sizes"] == [list(shown)]
    assert cv2.imread(str(out / "examples" / "corruptions.jpg")).shape[0] == 18 + 2 * (shown[0] + 4)


def test_results_from_before_there_was_a_choice_say_the_order_that_they_had(
    weights, data, tmp_path, monkeypatch
):
    drive, out = data / "town_0" / "clear", tmp_path / "out"
    given = ["evaluate", drive, "--weights", weights[0], "--out", out, "--device", "cpu", "--no-examples"]
    assert call(monkeypatch, *given, "--corruptions", "fog", "--corruption-every", 9) == 0
    former = json.loads((out / "results.json").read_text())
    del former["corruptions"]["corrupted_at"], former["corruptions"]["models"]["student"]["sizes"]
    found = Results.from_dict(former, "former").corruptions
    (note, _) = corruption_tables(found, ["student"])[0].notes
    assert "; corrupted at the images' own size; " in note


def test_all_kinds_where_none_is_named_and_nothing_where_not_asked(weights, data, tmp_path, monkeypatch):
    drive = data / "town_0" / "clear"
    given = ["evaluate", drive, "--weights", weights[0], "--no-examples", "--device", "cpu"]
    assert call(monkeypatch, *given, "--out", tmp_path / "all", "--corruptions", "--corruption-every", 9) == 0
    assert call(monkeypatch, *given, "--out", tmp_path / "none") == 0
    found, none = (json.loads((tmp_path / out / "results.json").read_text()) for out in ("all", "none"))
    of_kinds = found.pop("corruptions")["models"]["student"]["kinds"]
    assert len(of_kinds) == 18 and all(len(one["abs_rel"]) == 5 for one in of_kinds.values())
    assert found == none  # the other blocks do not change
    assert not (tmp_path / "all" / "examples").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--corruptions", "smog"], "--corruptions smog: no such kind; choose from brightness, dark, fog"),
        (["--corruptions", "--corruption-every", "0"], "--corruption-every 0: must be at least 1"),
        (["--corruptions", "--baseline", "who"], "--baseline who: not among --weights, which are student"),
        (["--corruptions", "--conditions", "night"], "only clear images are corrupted"),
        (["--baseline", "student"], "--baseline: is of the corruption benchmark"),
        (["--corruptions", "--corruption-size", "big"], "--corruption-size big: write height x width in"),
        (["--corruption-size", "image"], "--corruption-size: is of the corruption benchmark"),
        (["--corruption-every", "5"], "--corruption-every: is of the corruption benchmark"),
    ],
)
def test_mistakes_are_one_line_and_nothing_is_written(
    weights, data, tmp_path, monkeypatch, capsys, flags, message
):
    given = ["evaluate", data, "--weights", weights[0], "--out", tmp_path / "out", "--device", "cpu"]
    assert call(monkeypatch, *given, *flags) == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1
    assert not (tmp_path / "out").exists()

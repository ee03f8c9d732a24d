"""The world's reproduction: what is checked before, what a dry run says, and what is noticed afterwards."""

import shutil
from pathlib import Path

import pytest
import torch
import yaml

from acdepth.cli.main import run
from acdepth.core.errors import UserError
from acdepth.core.files import read_json
from acdepth.networks.checkpoint import load_checkpoint
from acdepth.recipes.demo import DemoConfig
from acdepth.recipes.plan import plan_world
from acdepth.recipes.timing import size_of

CONFIG = Path(__file__).parent / "tiny-world.yaml"


def command(folder: Path, *more: str, config: Path = CONFIG) -> list[str]:
    places = ["--root", str(folder / "towns"), "--out", str(folder / "run")]
    return ["reproduce", "world", *places, "--config", str(config), *more]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reproduced")
    run(command(folder))
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """The finished run at the same path for each test, as its towns are named by their place."""
    for name in ("towns", "run"):
        shutil.copytree(finished / name, tmp_path / name)
    data = tmp_path / "run" / "data.json"
    data.write_text(data.read_text().replace(str(finished), str(tmp_path)))
    for record in (tmp_path / "run" / "stages").iterdir():
        record.write_text(record.read_text().replace(str(finished), str(tmp_path)))
    return tmp_path


def test_a_dry_run_writes_nothing_and_agrees_with_the_real_one(finished: Path, tmp_path: Path) -> None:
    run(command(tmp_path, "--dry-run", "--timed-steps", "2"))
    assert list(tmp_path.iterdir()) == []
    plan = {stage.name: stage for stage in plan_world(DemoConfig.read(CONFIG), 2)}
    assert plan["world-training"].work == "16 x 1 images" and plan["world-evaluation"].work == "6 x 2 images"
    assert plan["translate"].work == "16 x 1 images" and plan["evaluate"].work == "12 images"
    out, towns = finished / "run", finished / "towns"
    files = sum((out / name).stat().st_size for name in ("results.json", "frames.jsonl", "report.html")) / 1e9
    real = {
        "world-training": size_of(towns / "training"),
        "world-evaluation": size_of(towns / "evaluation"),
        "translate": size_of(out / "translations"),
        **{name: size_of(out / name) for name in ("teacher", "student", "control")},
        "evaluate": size_of(out / "examples") + files,
    }
    for name, size in real.items():
        assert size / 2 < plan[name].gigabytes < size * 2, name


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--prior", "nowhere"), "nowhere: no such folder"),
        (("--prior", str(CONFIG)), "no file of weights"),
        (("--encoder", "nowhere.safetensors"), "nowhere.safetensors: no such"),
        (("--encoder", str(CONFIG)), "no file of weights, or damaged"),
        (("--out", str(CONFIG)), "is a file; --out needs a folder there"),
        (("--root", str(CONFIG / "towns")), "is a file; --root needs a folder there"),
        (("--dry-run", "--timed-steps", "0"), "--timed-steps 0: must be at least 1"),
    ],
)
def test_what_cannot_work_is_said_before_anything_is_written(tmp_path: Path, flags, message) -> None:
    with pytest.raises(UserError, match=message):
        run(command(tmp_path, *flags))
    assert list(tmp_path.iterdir()) == []


def test_replaced_weights_are_kept_aside_and_their_own_come_back(folder: Path) -> None:
    out = folder / "run"
    weights, foreign = out / "teacher" / "model.safetensors", out / "student" / "model.safetensors"
    own, results, log = (
        weights.read_bytes(),
        (out / "results.json").read_bytes(),
        out / "student" / "log.jsonl",
    )
    trained = log.stat().st_mtime_ns
    shutil.copy(foreign, weights)
    run(command(folder))
    assert weights.read_bytes() == own
    assert (out / "old" / "teacher-1" / "teacher" / "model.safetensors").read_bytes() == foreign.read_bytes()
    assert (out / "results.json").read_bytes() == results and log.stat().st_mtime_ns == trained


def test_lost_translations_and_towns_come_back(folder: Path, capfd) -> None:
    out, towns = folder / "run", folder / "towns" / "training" / "town_0001" / "clear"
    (image, *_) = sorted((out / "translations").rglob("*.jpg"))
    content = image.read_bytes()
    image.unlink()
    (towns / "images" / "000003.png").unlink()
    run(command(folder))
    told = " ".join(capfd.readouterr().err.split())
    assert image.read_bytes() == content and (towns / "images" / "000003.png").exists()
    assert (folder / "towns" / "old" / "world-training-1" / "training" / "town_0001" / "clear").is_dir()
    assert "translations is not as this stage left it" in told and "town_0001/clear is not what" in told
    assert all(f"{name}: done before" in told for name in ("teacher", "student", "control", "evaluate"))


def test_flags_reach_the_settings_and_say_what_they_changed(folder: Path, capfd) -> None:
    out, results = folder / "run", (folder / "run" / "results.json").read_bytes()
    run(command(folder, "--condition-known"))
    assert "condition_known: true" in (out / "config.yaml").read_text()
    assert "evaluate: condition_known: false → true; what was made before is in" in capfd.readouterr().err
    assert (out / "old" / "evaluate-1" / "results.json").read_bytes() == results
    assert "condition_known: false" in (out / "old" / "evaluate-1" / "config.yaml").read_text()


def test_another_root_is_refused(folder: Path) -> None:
    results = (folder / "run" / "results.json").read_bytes()
    with pytest.raises(UserError, match=r"holds a run on world in .*towns, not on world in .*others"):
        run(command(folder, "--root", str(folder / "others")))
    assert (folder / "run" / "results.json").read_bytes() == results


def test_towns_that_nobody_asked_for_are_refused(folder: Path) -> None:
    fewer = folder / "fewer.yaml"
    fewer.write_text(CONFIG.read_text().replace("first: 0, count: 2", "first: 0, count: 1"))
    with pytest.raises(UserError, match="town_0001/clear: is none of the drives"):
        run(command(folder, "--out", str(folder / "second"), config=fewer))


def test_an_ablation_of_a_run_repeats_its_student(folder: Path) -> None:
    """The base with the run's own seed is the run's student, on its footage, translations and teacher."""
    grid, out = folder / "grid.yaml", folder / "run" / "ablation"
    grid.write_text(yaml.safe_dump({"seeds": [0], "variants": {"full": {}}}))
    run(["ablate", "--run", str(folder / "run"), "--config", str(grid)])
    ours, theirs = (
        load_checkpoint(path / "student" / "model.safetensors")[0].state_dict()
        for path in (out / "cells" / "full" / "seed-0", folder / "run")
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    summary, results = read_json(out / "ablation.json"), read_json(folder / "run" / "results.json")
    for ablated, model in (("full", "student"), ("teacher", "teacher")):
        found = summary["variants"][ablated]["night"]["metrics"]["abs_rel"]["mean"]
        assert found == pytest.approx(results["models"][model]["night"]["abs_rel"]["mean"], abs=1e-6)
    (folder / "run" / "stages" / "translate.json").unlink()
    with pytest.raises(UserError, match="its stage translate is not done; let that run end first"):
        run(["ablate", "--run", str(folder / "run"), "--config", str(grid)])

"""An ablation on the tiny world: killed, shared, tampered with, extended and refused."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from acdepth.cli.main import run
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import read_json
from acdepth.core.lock import sole_writer
from acdepth.data.folder import open_data
from acdepth.engine.state import STATES
from acdepth.networks.checkpoint import MODEL_FILE, CheckpointCard, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.recipes.ablation import Ablation, AblationConfig, gather_sources, workers
from acdepth.recipes.ablation.workers import _work
from acdepth.translator import SimulatedWeather, TranslateSettings
from acdepth.translator.depth_source import TeacherDepth
from acdepth.translator.translate import translate

GRID = Path(__file__).parent / "tiny-grid.yaml"
SIZE = (64, 96)
TINY = DepthNetConfig(width=8)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Rounding depends on the number of threads, and workers divide those of the process that starts them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def made(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One town to learn on, two to measure on, a teacher, and the town at night."""
    folder = tmp_path_factory.mktemp("ablation")
    shutil.copytree(world / "town_0001" / "clear", folder / "data" / "town_0001" / "clear")
    for town in ("town_0002", "town_8001"):
        shutil.copytree(world / town, folder / "evaluation" / town)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        card = CheckpointCard(network=TINY, input_size=SIZE)
        save_checkpoint(folder / "teacher" / MODEL_FILE, DepthNet(TINY, 15.0), card)
    settings = TranslateSettings(conditions=(Condition.NIGHT,), image_size=SIZE)
    depth = TeacherDepth(folder / "teacher")
    translate(open_data(folder / "data"), folder / "translations", SimulatedWeather(), depth, settings)
    return folder


def command(made: Path, out: Path, *more: str, config: Path = GRID) -> list[str]:
    paths = [f"--{name}={made / name}" for name in ("translations", "teacher", "evaluation")]
    return ["ablate", str(made / "data"), *paths, "--config", str(config), "--out", str(out), *more]


def grid(folder: Path, **changes: object) -> Path:
    """The tiny grid with some of its settings changed."""
    path = folder / "grid.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(GRID.read_text()), **changes}))
    return path


def student(**changes: object) -> dict:
    return {**yaml.safe_load(GRID.read_text())["student"], **changes}


def variants(**more: dict) -> dict:
    return {**yaml.safe_load(GRID.read_text())["variants"], **more}


def opened(made: Path, out: Path) -> Ablation:
    config = AblationConfig.read(GRID)
    names = ("data", "translations", "teacher", "evaluation")
    return Ablation(config, gather_sources(config, None, {name: made / name for name in names}), out)


@pytest.fixture(scope="module")
def unbroken(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("unbroken") / "out"
    run(command(made, out))
    return out


@pytest.fixture
def out(unbroken: Path, tmp_path: Path) -> Path:
    """A copy that may be spoilt."""
    return Path(shutil.copytree(unbroken, tmp_path / "out"))


def test_the_summary_is_that_of_the_cells(unbroken: Path) -> None:
    summary = read_json(unbroken / "ablation.json")
    assert summary["order"] == ["teacher", "full", "L_d"] and summary["missing"] == []
    cells = {
        name: [
            read_json(unbroken / "cells" / name / f"seed-{seed}" / "results.json")["models"][name]
            for seed in (0, 1)
        ]
        for name in ("full", "L_d")
    }
    for condition in ("clear", "night"):
        for metric in ("abs_rel", "rmse", "d1"):
            for name, found in cells.items():
                means = [cell[condition][metric]["mean"] for cell in found]
                ours = summary["variants"][name][condition]["metrics"][metric]
                assert ours["mean"] == pytest.approx(np.mean(means), abs=2e-6)
                assert ours["deviation"] == pytest.approx(np.std(means, ddof=1), abs=2e-6)
            pairs = [
                ours[condition][metric]["mean"] - theirs[condition][metric]["mean"]
                for ours, theirs in zip(cells["L_d"], cells["full"], strict=True)
            ]
            difference = summary["differences"]["full"]["L_d"][condition]["metrics"][metric]
            assert difference["difference"] == pytest.approx(np.mean(pairs), abs=2e-6)
            assert difference["low"] <= difference["difference"] <= difference["high"]
    assert summary["variants"]["full"]["night"]["metrics"]["abs_rel"]["deviation"] > 0
    assert set(summary["differences"]["teacher"]) == {"full", "L_d"}
    assert summary["variants"]["full"]["clear"]["classes"].keys() >= {"ground"}
    assert (unbroken / "ablation.png").read_bytes().startswith(b"\x89PNG")
    assert "| L_d |" in (unbroken / "ablation.md").read_text()
    assert "data:image/png;base64" in (unbroken / "report.html").read_text()
    assert not list(unbroken.rglob(STATES)), "states of finished cells have nothing to resume"


def test_a_second_call_trains_nothing(made: Path, out: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (out / "cells").rglob("*") if path.is_file()}
    run(command(made, out))
    assert before == {path: path.stat().st_mtime_ns for path in (out / "cells").rglob("*") if path.is_file()}


def test_what_was_tampered_with_is_made_again(made: Path, out: Path, unbroken: Path) -> None:
    frames = out / "cells" / "L_d" / "seed-1" / "frames.jsonl"
    frames.write_text(frames.read_text().replace("0.", "0.1"))
    run(command(made, out))
    assert (out / "ablation.json").read_bytes() == (unbroken / "ablation.json").read_bytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variants": variants(L_d={"consistency_weight": 0.5})}, "L_d, seed 0 differs .consistency_weight"),
        ({"protocol": "robotcar-50m"}, "teacher differs .*max_depth: 80.0 → 50.0"),
        ({"student": student(start_from="scratch")}, "full, seed 0 differs .start_from: teacher → scratch"),
    ],
)
def test_another_grid_is_refused(made: Path, out: Path, tmp_path: Path, changes, message) -> None:
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match=f"holds another ablation, {message}"):
        run(command(made, out, config=grid(tmp_path, **changes)))
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.mark.parametrize("changed", ["data", "teacher", "evaluation", "translations"])
def test_other_data_is_refused(made: Path, out: Path, tmp_path: Path, changed: str) -> None:
    other = Path(shutil.copytree(made, tmp_path / "other"))
    if changed == "teacher":
        card = CheckpointCard(network=TINY, input_size=SIZE)
        save_checkpoint(other / "teacher" / MODEL_FILE, DepthNet(TINY, 30.0), card)
    elif changed == "translations":
        manifest = other / "translations" / "manifest.jsonl"
        manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[:-1]))
    else:
        last = sorted((other / changed).rglob("clear/images/*.png"))[-1]
        last.write_bytes(last.read_bytes() + b"0")
    with pytest.raises(UserError, match="holds another ablation"):
        run(command(other, out))


def test_a_moved_folder_and_moved_data_are_the_same(made: Path, out: Path, tmp_path: Path, capsys) -> None:
    other = Path(shutil.copytree(made, tmp_path / "other"))
    run(command(other, out, "--dry-run"))
    assert "5 cells: 2 variants x 2 seeds, and the teacher; 5 done, 0 to do" in _line(capsys)


def test_a_grid_grows_by_seeds_and_variants(made: Path, out: Path, tmp_path: Path, capsys) -> None:
    larger = grid(tmp_path, variants=variants(late={"consistency_start": 0.9}))
    run(command(made, out, "--dry-run", "--seeds", "0", "1", "2", config=larger))
    assert "10 cells: 3 variants x 3 seeds, and the teacher; 5 done, 5 to do" in _line(capsys)
    run(command(made, out, "--so-far", "--seeds", "0", "1", "2", config=larger))
    summary = read_json(out / "ablation.json")
    missing = ["full, seed 2", "L_d, seed 2", *(f"late, seed {seed}" for seed in range(3))]
    assert sorted(summary["missing"]) == sorted(missing) and summary["order"] == ["teacher", "full", "L_d"]
    assert "full (2 of 3 seeds)" in (out / "ablation.md").read_text()


def test_a_cell_that_fails_leaves_the_others(made: Path, out: Path, tmp_path: Path) -> None:
    diverging = {"loop": {"learning_rate": 1e30}}
    larger = grid(tmp_path, variants=variants(diverging=diverging, late={"consistency_start": 0.9}))
    with pytest.raises(UserError, match=r"1 of 5 cells failed.*diverging, seed 0: .*is not finite"):
        run(command(made, out, "--seeds", "0", config=larger))
    summary = read_json(out / "ablation.json")
    assert summary["missing"] == ["diverging, seed 0"] and "late" in summary["order"]


def test_a_cell_that_another_process_holds_is_left_until_that_is_killed(made: Path, tmp_path: Path) -> None:
    ablation = opened(made, tmp_path / "out")
    cell = ablation.cells[1]
    cell.folder.mkdir(parents=True)
    code = (
        "import sys, time; from filelock import FileLock; "
        "lock = FileLock(sys.argv[1]); lock.acquire(); print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(cell.folder / ".lock")], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    assert not ablation._settle(cell)
    holder.kill()
    holder.wait()
    with sole_writer(cell.folder):
        pass
    assert not cell.is_done() and cell.failure() is None


@pytest.mark.slow
def test_workers_give_the_same(made: Path, unbroken: Path, tmp_path: Path) -> None:
    run(command(made, tmp_path / "out", "--workers", "2"))
    assert (tmp_path / "out" / "ablation.json").read_bytes() == (unbroken / "ablation.json").read_bytes()
    assert all((tmp_path / "out" / f"worker-{number}.log").exists() for number in (1, 2))


@pytest.mark.slow
def test_a_worker_that_dies_has_said_why_in_its_log(made: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(workers, "_work", _break)
    with pytest.raises(UserError, match=r"worker-1 ended early; .*worker-1\.log says why, and the same"):
        run(command(made, tmp_path / "out", "--workers", "2"))
    said = (tmp_path / "out" / "worker-1.log").read_text()
    assert "Traceback" in said and "ZeroDivisionError: of the test" in said


def _break(config, sources, out: Path, threads: int, log: Path) -> None:
    """In a worker: as ever, but for one fault of ours."""

    def work(self: Ablation) -> None:
        raise ZeroDivisionError("of the test")

    Ablation.work = work  # pyright: ignore[reportAttributeAccessIssue]
    _work(config, sources, out, threads, log)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"variants": variants(a={"ordinal_wieght": 1.0})}, "variant a: .*did you mean ordinal_weight"),
        ({"variants": variants(a={"ordinal": {"margn": 1.0}})}, "variant a: .*did you mean ordinal.margin"),
        ({"variants": variants(a={"preset": "mine"})}, "variant a: preset = 'mine'; there is published"),
        ({"variants": variants(a={"consistency_weight": 0})}, "L_d and a come to the same settings"),
        ({"variants": variants(a={"split": "train"})}, "variant a: changes split"),
        ({"variants": variants(a={"loop": {"seed": 3}})}, "variant a: changes loop.seed"),
        ({"variants": variants(**{"a/b": {}})}, "'a/b' is no name"),
        ({"variants": variants(teacher={})}, "'teacher' is no name"),
        ({"variants": variants(FULL={})}, "differ in capitals only"),
        ({"base": "half"}, "there is no variant 'half'"),
        ({"seeds": [1, 1]}, "seeds: give one or more different numbers"),
        ({"student": None}, "the settings have no student"),
        ({"protocol": None}, "the settings have no protocol"),
        ({"protocol": "mine"}, "protocol 'mine' is unknown"),
        ({"variants": variants(a={"mix": {"clear": 1.0, "fog": 1.0}})}, "has no translations into fog"),
        ({"variants": variants(a={"start_from": "encoder"})}, "student.encoder is not set"),
    ],
)
def test_settings_that_cannot_work_are_refused(made: Path, tmp_path: Path, changes, message) -> None:
    with pytest.raises(UserError, match=message):
        run(command(made, tmp_path / "out", config=grid(tmp_path, **changes)))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--variants", "mine"), "--variants mine: no such variant; there are full, L_d"),
        (("--workers", "0"), "--workers 0: must be at least 1"),
        (("--run", "nowhere"), "--run nowhere: is no folder of acdepth demo"),
        (("--evaluation", "nowhere"), "nowhere: no such file or folder"),
        (("--teacher", "nowhere"), "nowhere"),
        (("--student", "nobody"), "--student nobody: no shipped settings"),
        (("--seeds", "-1"), "seeds: give one or more"),
    ],
)
def test_flags_that_cannot_work_are_refused(made: Path, tmp_path: Path, flags, message) -> None:
    with pytest.raises(UserError, match=message):
        run(command(made, tmp_path / "out", *flags))
    assert not (tmp_path / "out").exists()


def test_without_a_run_all_is_asked_for(tmp_path: Path) -> None:
    flags = ["--config", str(GRID), "--out", str(tmp_path / "out")]
    with pytest.raises(UserError, match="DATA, --translations, --teacher, --evaluation: not given"):
        run(["ablate", *flags])
    with pytest.raises(UserError, match="--out: not given"):
        run(["ablate", *flags[:2]])


def test_another_runs_folder_is_refused(made: Path, tmp_path: Path) -> None:
    (tmp_path / "stages").mkdir()
    with pytest.raises(UserError, match="is the folder of another run"):
        run(command(made, tmp_path))


def _line(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())

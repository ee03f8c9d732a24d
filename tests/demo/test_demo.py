"""The whole pipeline, tiny: what it leaves, and what a changed setting repeats (tests/faults kills it)."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from acdepth.core.files import read_json
from acdepth.recipes.demo import Demo, DemoConfig

CONFIG = Path(__file__).parent / "tiny.yaml"
STAGES = [
    "world-training",
    "world-adverse",
    "world-evaluation",
    "teacher",
    "translator",
    "translate",
    "student",
    "control",
    "evaluate",
]
COMMAND = [sys.executable, "-m", "acdepth", "demo", "--config", str(CONFIG), "--out"]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    subprocess.run([*COMMAND, str(out)], check=True, timeout=600)
    return out


@pytest.mark.slow
def test_it_leaves_results_a_report_and_a_student(unbroken: Path) -> None:
    results = json.loads((unbroken / "results.json").read_text())
    assert set(results["models"]) == {"teacher", "student", "control"}
    assert results["models"]["student"]["night"]["images"] == 9
    assert (unbroken / "report.html").stat().st_size > 10_000
    assert (unbroken / "student" / "model.safetensors").exists()


@pytest.mark.slow
def test_a_second_call_does_nothing_new(unbroken: Path) -> None:
    student = unbroken / "student" / "model.safetensors"
    before = student.stat().st_mtime_ns
    Demo(DemoConfig.read(CONFIG), unbroken).run()
    assert student.stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_changed_setting_repeats_the_stages_from_there_on(unbroken: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(unbroken, tmp_path / "demo"))
    kept, redone = (
        {stage: (out / "stages" / f"{stage}.json").read_text() for stage in stages}
        for stages in (STAGES[:4], STAGES[4:])
    )
    config = DemoConfig.read(CONFIG)
    assert config.translator is not None
    without_depth = config.translator.model_copy(update={"depth_weight": 0.0})
    changed = config.model_copy(update={"translator": without_depth})
    Demo(changed, out).run()
    assert all((out / "stages" / f"{stage}.json").read_text() == text for stage, text in kept.items())
    assert all((out / "stages" / f"{stage}.json").read_text() != text for stage, text in redone.items())
    teacher, student = (
        [read_json(run / "results.json")["models"][name] for run in (unbroken, out)]
        for name in ("teacher", "student")
    )
    assert teacher[0] == teacher[1] and student[0] != student[1]


def test_another_image_size_renders_anew(tmp_path: Path) -> None:
    config = DemoConfig.read(CONFIG)
    larger = config.teacher.model_copy(update={"image_size": (96, 160)})
    other = config.model_copy(update={"teacher": larger})
    first, second = (Demo(settings, tmp_path).stages()[0].made_from for settings in (config, other))
    assert first != second


@pytest.mark.slow
def test_a_result_that_is_gone_is_made_again(unbroken: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(unbroken, tmp_path / "demo"))
    weights = (out / "student" / "model.safetensors").read_bytes()
    (out / "student" / "model.safetensors").unlink()
    Demo(DemoConfig.read(CONFIG), out).run()
    assert (out / "student" / "model.safetensors").read_bytes() == weights


def test_simulated_weather_needs_no_translator(tmp_path: Path) -> None:
    stages = Demo(DemoConfig.read(CONFIG).model_copy(update={"method": "simulate"}), tmp_path).stages()
    assert [stage.name for stage in stages] == [
        one for one in STAGES if one not in ("world-adverse", "translator")
    ]

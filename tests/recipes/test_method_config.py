"""Settings of the whole method that contradict each other are refused before any work."""

from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.recipes.checks import check_networks
from acdepth.recipes.demo import DemoConfig

PLAIN = (Path(__file__).parent / "tiny-world.yaml").read_text()
TRANSLATOR = "translator: {base: anywhere, conditions: [night], loop: {steps: 3}}\n"
ADVERSE = "adverse: {first: 7000, count: 2, frames: 3, conditions: [night]}\n"
LEARNED = f"{PLAIN}\nmethod: diffusion\n{TRANSLATOR}{ADVERSE}"


def read(tmp_path: Path, text: str) -> DemoConfig:
    (tmp_path / "mine.yaml").write_text(text)
    return DemoConfig.read(tmp_path / "mine.yaml")


def refusal(tmp_path: Path, before: str, after: str) -> str:
    assert before in LEARNED
    with pytest.raises(UserError) as caught:
        read(tmp_path, LEARNED.replace(before, after))
    return str(caught.value)


def test_what_fits_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, LEARNED).trains_translator and not read(tmp_path, PLAIN).trains_translator


def test_a_translator_that_has_not_learned_what_is_asked(tmp_path: Path) -> None:
    said = refusal(tmp_path, "translated: [night]", "translated: [night, fog]")
    assert "translator.conditions lacks some of translated" in said


def test_diffusion_without_any_translator(tmp_path: Path) -> None:
    assert "needs translator, to train one, or adapters" in refusal(tmp_path, TRANSLATOR, "")


def test_a_translator_without_bad_weather_to_learn_from(tmp_path: Path) -> None:
    assert "no adverse towns" in refusal(tmp_path, ADVERSE, "")


def test_a_student_that_starts_from_a_teacher_normalised_otherwise(tmp_path: Path) -> None:
    config = read(tmp_path, PLAIN)
    changes = {"start_from": "teacher", "normalisation": {"mean": [0.5, 0.5, 0.5]}}
    student = config.student.with_changes(changes, "")
    with pytest.raises(UserError, match=r"start_from is teacher, but student\.normalisation is not"):
        check_networks(config.model_copy(update={"student": student}))

"""Settings of the whole method that contradict each other are refused before any work."""

from pathlib import Path

import pytest

from acdepth.core.errors import UserError
from acdepth.recipes.demo import DemoConfig

TINY = Path(__file__).parents[1] / "demo" / "tiny.yaml"


def refusal(tmp_path: Path, *changes: tuple[str, str]) -> str:
    text = TINY.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(UserError) as caught:
        DemoConfig.read(tmp_path / "mine.yaml")
    return str(caught.value)


def test_a_translator_that_has_not_learned_what_is_asked(tmp_path: Path) -> None:
    said = refusal(tmp_path, ("translated: [night]", "translated: [night, fog]"))
    assert "translator.conditions lacks some of translated" in said


def test_diffusion_without_any_translator(tmp_path: Path) -> None:
    text = TINY.read_text()
    block = text[text.index("translator:") : text.index("teacher:")]
    assert "needs translator, to train one, or adapters" in refusal(tmp_path, (block, ""))


def test_a_translator_without_bad_weather_to_learn_from(tmp_path: Path) -> None:
    (adverse,) = [line for line in TINY.read_text().splitlines() if line.startswith("adverse:")]
    assert "no adverse towns" in refusal(tmp_path, (adverse, ""))

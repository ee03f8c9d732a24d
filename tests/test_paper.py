"""``docs/paper.md`` names functions and settings that exist."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from acdepth.student.settings import StudentConfig
from acdepth.teacher.settings import TeacherConfig
from acdepth.translator.settings import TranslatorConfig

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "paper.md").read_text(encoding="utf-8")
EQUATIONS, _, REST = TEXT.partition("## Departures")
NO_FUNCTIONS = {"lora.unet_rank", "lora.vae_rank"}
FUNCTIONS = sorted(set(re.findall(r"`((?:[a-z_]+\.)+\w+(?:\.\w+)?)`", EQUATIONS)) - NO_FUNCTIONS)
STAGES = {"student": StudentConfig, "teacher": TeacherConfig, "translator": TranslatorConfig}
DEPARTURES, _, OF_WORLD = REST.partition("\n## ")
SETTINGS = sorted(set(re.findall(r"`((?:student|teacher|loop|network)\.[a-z_.]+)`", OF_WORLD)))
OF_TRANSLATOR = re.findall(r"`((?:lora\.)?[a-z]+(?:_[a-z]+)+|base|adversary|patch)`", EQUATIONS)


def departures() -> Iterator[tuple[str, str, list[str]]]:
    """Stage, the file of tests that need not name one, and the cells of each row of the departures."""
    for section in DEPARTURES.split("\n### ")[1:]:
        stage = section.split("\n")[0].lower()
        usual = re.search(r"Tests without a file are in `(.+?)`", section)
        rows = re.findall(r"^\| (.+) \|$", section, re.MULTILINE)
        for row in rows[1:]:
            yield stage, usual[1] if usual else "", row.split(" | ")


ROWS = list(departures())
OPTIONS = [
    (stage, name)
    for stage, _, cells in ROWS
    for name in re.findall(r"`([a-z_.]+)(?::[^`]*)?`", cells[-2])
    if stage in STAGES
]
PROOFS = [(usual, name) for _, usual, cells in ROWS for name in re.findall(r"`([^`]+)`", cells[-1])]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_named_function_is_there(name: str) -> None:
    parts, things = name.split("."), []
    while not things:
        try:
            things.append(importlib.import_module(".".join(["acdepth", *parts])))
        except ModuleNotFoundError:
            things.append(None) if not parts[:-1] else parts.pop()
    thing = things[0]
    for part in name.split(".")[len(parts) :]:
        thing = getattr(thing, part)
    assert len(parts) < len(name.split(".")), "a module, not a function"


@pytest.mark.parametrize("name", SETTINGS)
def test_a_named_option_is_there(name: str) -> None:
    stage, *keys = name.split(".")
    assert has_keys(*((STAGES[stage], keys) if stage in STAGES else (TeacherConfig, [stage, *keys])))


@pytest.mark.parametrize(("stage", "name"), OPTIONS)
def test_a_departure_is_an_option(stage: str, name: str) -> None:
    assert has_keys(STAGES[stage], name.split("."))


def test_each_departure_has_a_test() -> None:
    """Those that are named exist; a name without a file belongs to the last one, or to the section's."""
    file = ""
    for usual, name in PROOFS:
        path, *parts = name.split("::")
        file = path if path.startswith("tests/") else usual if path else file
        wanted = [path, *parts] if path and not path.startswith("tests/") else parts
        text = (ROOT / file).read_text(encoding="utf-8")
        missing = [part for part in wanted if not re.search(rf"(def|class) {part}\b", text)]
        assert not missing, f"{file} lacks {missing}"
    assert len(PROOFS) >= len(ROWS) > 40


@pytest.mark.parametrize("name", OF_TRANSLATOR)
def test_a_named_setting_of_the_translator_is_there(name: str) -> None:
    if name != "conv_in":
        assert has_keys(TranslatorConfig, name.split("."))


def has_keys(model: type[BaseModel], keys: list[str]) -> bool:
    """Whether nested settings have these keys."""
    field = model.model_fields.get(keys[0])
    return field is not None and (not keys[1:] or has_keys(field.annotation, keys[1:]))  # pyright: ignore

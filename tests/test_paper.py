"""``docs/paper.md`` names functions and settings that exist."""

import importlib
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from acdepth.student.settings import StudentConfig
from acdepth.teacher.settings import TeacherConfig
from acdepth.translator.settings import TranslatorConfig

TEXT = (Path(__file__).parents[1] / "docs" / "paper.md").read_text(encoding="utf-8")
EQUATIONS, _, REST = TEXT.partition("## Departures")
NO_FUNCTIONS = {"lora.unet_rank", "lora.vae_rank"}
FUNCTIONS = sorted(set(re.findall(r"`((?:[a-z_]+\.)+\w+(?:\.\w+)?)`", EQUATIONS)) - NO_FUNCTIONS)
STAGES = {"student": StudentConfig, "teacher": TeacherConfig}
OPTIONS = REST.partition("## ")[0]
SETTINGS = sorted(set(re.findall(r"`((?:student|teacher|loop|network)\.[a-z_.]+)`", OPTIONS)))
OF_TRANSLATOR = re.findall(r"`((?:lora\.)?[a-z]+(?:_[a-z]+)+|base|adversary|patch)`", EQUATIONS)


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


@pytest.mark.parametrize("name", OF_TRANSLATOR)
def test_a_named_setting_of_the_translator_is_there(name: str) -> None:
    if name != "conv_in":
        assert has_keys(TranslatorConfig, name.split("."))


def has_keys(model: type[BaseModel], keys: list[str]) -> bool:
    """Whether nested settings have these keys."""
    field = model.model_fields.get(keys[0])
    return field is not None and (not keys[1:] or has_keys(field.annotation, keys[1:]))  # pyright: ignore

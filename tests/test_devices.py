"""Work goes to the GPU where there is one: nothing computes on the CPU unless told to."""

import ast
from collections.abc import Iterator
from pathlib import Path

import torch

import acdepth
from acdepth.inference import devices, model
from acdepth.recipes import demo
from acdepth.recipes.demo import Demo, DemoConfig
from acdepth.translator import diffused
from acdepth.translator.depth_source import TeacherDepth
from acdepth.translator.diffused import DiffusedWeather

SOURCES = Path(acdepth.__file__).parent
OF_THE_WORLD = {"world/render.py"}
"""Renders on the CPU unless told otherwise, so that equal arguments give equal bytes; its callers tell."""


def cpu_defaults(path: Path) -> Iterator[str]:
    """Functions of a file that take a device and the CPU where none is given."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            arguments, defaults = node.args.posonlyargs + node.args.args, node.args.defaults
            given = [*zip(arguments[len(arguments) - len(defaults) :], defaults, strict=True)]
            given += [*zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
            for argument, default in given:
                if argument.arg == "device" and isinstance(default, ast.Constant) and default.value == "cpu":
                    yield node.name


def test_no_function_takes_the_cpu_where_nothing_is_said():
    found = {path.relative_to(SOURCES).as_posix(): [*cpu_defaults(path)] for path in SOURCES.rglob("*.py")}
    assert {name for name, functions in found.items() if functions} == OF_THE_WORLD


def test_translator_teacher_and_world_of_a_recipe_go_where_the_machine_computes_best(monkeypatch, tmp_path):
    asked: list[str] = []

    def choose(name: str = "auto") -> torch.device:
        asked.append(name)
        return torch.device("cpu")

    for module in (diffused, devices, model, demo):
        monkeypatch.setattr(module, "choose_device", choose)
    DiffusedWeather(Path("shipped"))
    TeacherDepth(SOURCES / "weights" / "student")
    places: list[str] = []
    monkeypatch.setattr(demo, "choose_device", lambda: torch.device("cuda"))
    monkeypatch.setattr(demo, "write_towns", lambda *given, **more: places.append(given[4]))
    config = DemoConfig.read(SOURCES / "configs" / "demo" / "world.yaml")
    Demo(config, tmp_path)._render(config.training, tmp_path / "world")
    assert asked == ["auto", "auto"] and places == ["cuda"]

"""What each room makes public: it is there, typed, documented on one page, and its examples run."""

import ast
import doctest
import pkgutil
import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml

import acdepth

ROOMS = ["acdepth"] + [
    f"acdepth.{module.name}" for module in pkgutil.iter_modules(acdepth.__path__) if module.ispkg
]
ROOMS += ["acdepth.student.adapt", "acdepth.student.confidence", "acdepth.evaluation.unlabelled"]
ROOT = Path(__file__).parents[1]
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("room", ROOMS)
def test_names_imported_when_used_are_those_that_type_checkers_see(room: str) -> None:
    package = import_module(room)
    tree = ast.parse(Path(str(package.__file__)).read_text(encoding="utf-8"))
    seen = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module not in ("typing", "acdepth.core.lazy")
        for alias in node.names
    }
    assert sorted(seen) == sorted(getattr(package, "__all__", []))
    assert all(getattr(package, name) is getattr(import_module(str(seen[name])), name) for name in seen)


@pytest.mark.parametrize("room", ROOMS)
def test_examples_run(room: str) -> None:
    assert doctest.testmod(import_module(room)).failed == 0


def test_the_page_of_public_names_has_them_all() -> None:
    listed = {
        room: sorted(re.findall(r"`(\w+)`", names))
        for room, names in re.findall(r"^\| `(acdepth[\w.]*)` \|[^|]*\|([^|]*)\|$", API, re.MULTILINE)
    }
    public = {room: sorted(getattr(import_module(room), "__all__", [])) for room in ROOMS}
    assert listed == {room: names for room, names in public.items() if names}


def test_the_citation_names_the_version_that_is_built() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == project["version"] and citation["license"] == project["license"]

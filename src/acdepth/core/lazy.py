"""Packages whose public names are imported when first used, so that settings beside them cost no torch."""

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def lazy_names(package: str) -> Callable[[str], Any]:
    """The ``__getattr__`` of a package whose imports, under ``if TYPE_CHECKING:``, run when a name is used.

    No name may be that of a module of the package as well, which would be found in its place::

        if TYPE_CHECKING:
            from acdepth.engine.loop import fit

        __all__ = ["fit"]
        __getattr__ = lazy_names(__name__)
    """

    def find(name: str) -> Any:
        module = sys.modules[package]
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and name in [alias.name for alias in node.names]:
                found = getattr(import_module(str(node.module)), name)
                setattr(module, name, found)
                return found
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find

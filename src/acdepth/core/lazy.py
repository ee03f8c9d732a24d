"""Packages whose public names are imported when first used, so that settings beside them cost no torch."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(package: str, names: Mapping[str, str]) -> tuple[list[str], Callable[[str], Any]]:
    """``__all__`` and ``__getattr__`` of a package that imports a public name when it is first used.

    Args:
        package: its name.
        names: by module, the public names that come from it, with blanks between. None may be that of a
            module of the package, which would be found in its place.
    """
    homes = {name: module for module, some in names.items() for name in some.split()}

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(import_module(homes[name]), name)
        setattr(sys.modules[package], name, found)
        return found

    return sorted(homes), find

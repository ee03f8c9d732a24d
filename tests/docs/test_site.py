"""The site builds without a warning, by either of its two builders, and holds every page and public name."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import DOCS, ROOT


def copied(folder: Path) -> Path:
    """What the site is built from, in a folder of its own: builders write beside it."""
    shutil.copytree(DOCS, folder / "docs")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    (folder / "src").symlink_to(ROOT / "src")
    return folder


def build(folder: Path, *command: str) -> Path:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "build" / "site"


@pytest.mark.slow
def test_zensical_builds_it(tmp_path: Path) -> None:
    pytest.importorskip("zensical")
    site = build(copied(tmp_path), "zensical", "build", "--strict")
    for page in DOCS.rglob("*.md"):
        folder = page.relative_to(DOCS).with_suffix("")
        folder = folder.parent if folder.name in ("index", "README") else folder
        assert (site / folder / "index.html").is_file(), page
    reference = (site / "reference" / "index.html").read_text(encoding="utf-8")
    assert 'id="acdepth.load"' in reference and 'id="acdepth.evaluation.depth_metrics"' in reference


@pytest.mark.slow
def test_mkdocs_builds_it_too(tmp_path: Path) -> None:
    """With a theme of its own, as Material is no dependency of ours."""
    pytest.importorskip("mkdocs")
    config = yaml.safe_load((copied(tmp_path) / "mkdocs.yml").read_text(encoding="utf-8")) | {
        "theme": "mkdocs"
    }
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    assert (build(tmp_path, "mkdocs", "build", "--strict") / "faq" / "index.html").is_file()


def test_the_reference_has_every_public_name() -> None:
    reference = (DOCS / "reference.md").read_text(encoding="utf-8")
    told = re.findall(r"(?m)^::: (\S+)\n    options:\n      members: \[(.*)\]$", reference)
    rows = re.findall(r"(?m)^\| `(acdepth[\w.]*)` \|[^|]*\|([^|]*)\|$", (DOCS / "api.md").read_text("utf-8"))
    assert told == [(room, ", ".join(re.findall(r"`(\w+)`", names))) for room, names in rows]


def test_the_questions_are_answered() -> None:
    """Each of the 25 by a page."""
    rows = re.findall(r"(?m)^\| (?!the pain).+ \|$", (DOCS / "faq.md").read_text(encoding="utf-8"))
    assert len(rows) == 25 and all(".md" in row.split(" → ")[1] for row in rows)

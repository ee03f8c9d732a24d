"""Pages lead where they say, and each has its place in the site."""

from pathlib import Path

import pytest
import yaml
from markdown import markdown
from markdown_it import MarkdownIt

from tests.docs.pages import DOCS, NAMES, ROOT, anchors, links

CONFIG = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
EXTENSIONS = [next(iter(one)) if isinstance(one, dict) else one for one in CONFIG["markdown_extensions"]]


def in_navigation(part: object) -> list[str]:
    if isinstance(part, str):
        return [part]
    parts = part.values() if isinstance(part, dict) else part
    return [page for one in parts for page in in_navigation(one)]  # type: ignore[union-attr]


def test_every_page_has_one_place_in_the_navigation() -> None:
    assert sorted(in_navigation(CONFIG["nav"])) == sorted(
        page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")
    )


@pytest.mark.parametrize("name", NAMES)
def test_links_and_anchors_are_there(name: str) -> None:
    wrong = []
    for target in links(name):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        page = (ROOT / name).parent / path if path else ROOT / name
        there = page.exists() and (name == "README.md" or inside_site(page))
        if not there or (anchor and anchor not in anchors(page.resolve().relative_to(ROOT).as_posix())):
            wrong.append(target)
    assert wrong == []


def inside_site(page: Path) -> bool:
    """Whether the site holds what a page links to: files of docs/, and no folders."""
    return page.is_file() and DOCS in page.resolve().parents


@pytest.mark.parametrize("name", NAMES)
def test_github_and_the_site_read_the_same(name: str) -> None:
    """Lists and tables that only one of the two takes for such would be a paragraph in the other."""
    text = (ROOT / name).read_text(encoding="utf-8")
    github = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    site = markdown(text, extensions=EXTENSIONS)
    marks = ["<h1", "<h2", "<h3", "<ul>", "<ol", "<li>", "<table>", "<tr>", "<img"]
    assert {mark: site.count(mark) for mark in marks} == {mark: github.count(mark) for mark in marks}

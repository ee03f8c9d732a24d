"""What the README and the pages of docs/ hold: headings, links, blocks of code, commands."""

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markdown.extensions.toc import slugify as slug_of_site
from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
SHELL = ("", "bash", "sh")
"""Languages of blocks that may hold commands."""


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its text, and its line in the page."""

    page: str
    line: int
    language: str
    text: str


@cache
def tokens(name: str) -> list[Token]:
    """A page as GitHub reads it."""
    return MarkdownIt("gfm-like", {"linkify": False}).parse((ROOT / name).read_text(encoding="utf-8"))


@cache
def blocks(name: str) -> list[Block]:
    """The blocks of code of a page."""
    return [
        Block(name, token.map[0] + 1 if token.map else 0, token.info.strip(), token.content)
        for token in tokens(name)
        if token.type == "fence"
    ]


@cache
def links(name: str) -> list[str]:
    """Where links and pictures of a page lead."""
    inline = [part for token in tokens(name) for part in token.children or []]
    targets = [part.attrs.get("href") or part.attrs.get("src") for part in inline]
    return [str(target) for target in targets if target]


@cache
def headings(name: str) -> list[str]:
    """The text of a page's headings, without marks."""
    found = zip(tokens(name), tokens(name)[1:], strict=False)
    return [
        "".join(part.content for part in inline.children or [])
        for opening, inline in found
        if opening.type == "heading_open"
    ]


@cache
def anchors(name: str) -> set[str]:
    """What a link may have after ``#``: names that GitHub and the site give alike."""
    return {slug for text in headings(name) if (slug := slug_of_github(text)) == slug_of_site(text, "-")}


def slug_of_github(heading: str) -> str:
    """The anchor that GitHub gives to a heading that is the first of its name."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def commands(name: str) -> list[list[str]]:
    """The commands ``acdepth ...`` in a page, also those behind a launcher, as a shell splits them."""
    found = []
    for block in (block for block in blocks(name) if block.language in SHELL):
        # A text in quotes may be a script of its own, as for srun.
        for line in re.sub(r"\\\n\s*", " ", block.text).replace("'", "").splitlines():
            for words in parts(line):
                if "acdepth" in words and (words[0] == "acdepth" or "-m" in words):
                    found.append(words[words.index("acdepth") + 1 :])
    return found


def parts(line: str) -> list[list[str]]:
    """What stands between ``&&``, ``|`` and ``;``, without where the output goes."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in lexer:
        if re.fullmatch("[;|&]+", word):
            found.append([])
        elif word == ">":
            found.append([""])
        else:
            found[-1].append(word)
    return [words for words in found if words]

"""Texts of people and other programs: UTF-8 whatever ends its lines, JSON and YAML of bounded values."""

import codecs
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from acdepth.core.errors import UserError

SAVE_AS_UTF8 = "save it as UTF-8"
DEEPEST = 64
"""Values within values; ours are 8 deep, and Python's readers end at a thousand with their own error."""
LARGEST_YAML = 1 << 18
"""Bytes; people's files have some hundred, and the parser takes seconds for more."""
MOST_YAML_VALUES = 100_000
"""Of a file with all its aliases written out."""
FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""How cells begin that spreadsheets compute, which may fetch and run what they name."""
LARGEST_WHOLE = 1 << 63
"""Whole numbers beyond fit nowhere; files have times in nanoseconds, which are of 2^61."""


def read_text(path: Path) -> str:
    r"""A text file with ``\n`` at the ends of its lines, and without a byte order mark.

    Raises:
        OSError: if it cannot be read.
        UserError: if it is no UTF-8.
    """
    return as_text(Path(path).read_bytes(), path)


def as_text(content: bytes, where: Path | str) -> str:
    """The text in the content of a file, as `read_text` gives it.

    Raises:
        UserError: if it is no UTF-8.
    """
    refuse_utf16(content, where)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"not readable as text (byte {error.start} is 0x{content[error.start]:02x}, which is no UTF-8)"
        raise UserError(where, what, f"{SAVE_AS_UTF8}, or copy it again") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def refuse_utf16(content: bytes, where: Path | str) -> None:
    """Raise `UserError` if the content of a file begins as a text in UTF-16 does."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _is_every_other_zero(content):
        raise UserError(where, "is text in UTF-16", SAVE_AS_UTF8)


def _is_every_other_zero(content: bytes) -> bool:
    """Whether a text is in UTF-16 without saying so: of ASCII, one byte of two is 0."""
    head = content[:256]
    zeros = head[0::2].count(0), head[1::2].count(0)
    return min(zeros) == 0 and max(zeros) >= max(4, len(head) // 2 - 1)


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: if it is none, or has numbers or depths that nobody writes; see `DEEPEST`.
    """
    try:
        value = json.loads(text, parse_int=_whole)
    except RecursionError as error:
        raise ValueError(f"values nested deeper than {DEEPEST}") from error
    _refuse_deep(value)
    return value


def parse_yaml(text: str, first: bool = False, any_tag: bool = False) -> Any:
    """The value of a YAML text, made of what JSON has too: dates are text.

    Args:
        text: of one document.
        first: whether others may follow, which are not looked at.
        any_tag: whether values may have tags of other programs, such as ``!!opencv-matrix``, which are passed
            over.

    Raises:
        ValueError: if it is none, is too large, or has values that nobody writes.
    """
    if len(text) > LARGEST_YAML:
        raise ValueError(f"{len(text)} characters, at most {LARGEST_YAML} are read; usual are some hundred")
    try:
        loader = (_ForeignLoader if any_tag else _Loader)(text)
        if not first:
            return loader.get_single_data()
        return loader.get_data() if loader.check_data() else None
    except yaml.YAMLError as error:
        raise ValueError(_told(error)) from error
    except (AttributeError, OverflowError, TypeError) as error:  # its own slips, at such as "a: !!int x"
        raise ValueError(error) from error


def _told(error: yaml.YAMLError) -> str:
    """What is wrong and where, in one line."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    where = f" in line {mark.line + 1}" if mark else ""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{problem or first}{where}"


def _whole(digits: str) -> int:
    if len(digits) > 20 or abs(value := int(digits)) > LARGEST_WHOLE:
        raise ValueError(f"a whole number of {len(digits)} digits")
    return value


def _refuse_deep(value: Any) -> None:
    """Level by level, as a deep value would end the walk that follows it."""
    level, depth = [value], 0
    while level := [inner for one in level for inner in _inside(one) if isinstance(inner, (dict, list))]:
        depth += 1
        if depth > DEEPEST:
            raise ValueError(f"values nested deeper than {DEEPEST}")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def as_table(text: str, delimiter: str | None = None) -> np.ndarray:
    """(N, M) float64 of lines of as many numbers each; ``#`` begins a comment.

    Raises:
        ValueError: if there are none, or a line is something else.
    """
    lines = [line.partition("#")[0] for line in text.splitlines()]
    rows = [line.split(delimiter) for line in lines if line.strip()]
    if not rows:
        raise ValueError("no numbers")
    return np.array(rows, np.float64)


def as_cell(text: str) -> str:
    """A text as a cell of CSV that a spreadsheet does not take for a formula: see `from_cell`."""
    return f"'{text}" if FORMULA.match(text) else text


def from_cell(text: str) -> str:
    """The text that `as_cell` was given."""
    return text[1:] if text[:1] == "'" and FORMULA.match(text) else text


class _Loader(yaml.SafeLoader):
    """Of values that JSON knows, whose aliases are counted as often as they are used."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - as the class that it replaces
        letter: [(tag, form) for tag, form in known if tag != "tag:yaml.org,2002:timestamp"]
        for letter, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    yaml_constructors = {  # noqa: RUF012
        tag: made
        for tag, made in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.rpartition(":")[2] in {"null", "bool", "int", "float", "str", "seq", "map"}
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.values = self.depth = 0
        self.sizes: dict[int, int] = {}
        """Values in each node that is whole, by the node."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Count what is composed."""
        is_alias, before = self.check_event(yaml.AliasEvent), self.values
        self.depth += 1
        if self.depth > DEEPEST:
            raise yaml.YAMLError(f"values nested deeper than {DEEPEST}")
        node = super().compose_node(parent, index)
        self.depth -= 1
        if is_alias and id(node) not in self.sizes:
            raise yaml.YAMLError("an alias of what it stands in")
        self.values += self.sizes[id(node)] if is_alias else 1
        if not is_alias:
            self.sizes[id(node)] = self.values - before
        if self.values > MOST_YAML_VALUES:
            raise yaml.YAMLError(f"more than {MOST_YAML_VALUES} values")
        return node

    def compose_mapping_node(self, anchor: Any) -> Any:
        """As the parent's, but a name that stands twice is a slip: of its values one would be lost."""
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.MarkedYAMLError(None, None, f"{key.value[:40]} stands twice", key.start_mark)
                seen.add(key.value)
        return node

    def construct_yaml_int(self, node: Any) -> int:
        """As the parent's, bounded."""
        if len(node.value) > 40:
            raise yaml.YAMLError(f"a whole number of {len(node.value)} digits")
        value = super().construct_yaml_int(node)
        if abs(value) > LARGEST_WHOLE:
            raise yaml.YAMLError(f"a whole number of {len(node.value)} digits")
        return value


_Loader.yaml_constructors["tag:yaml.org,2002:int"] = _Loader.construct_yaml_int


class _ForeignLoader(_Loader):
    """For which a value of an unknown tag is text, a list or a mapping."""

    def construct_plain(self, node: Any) -> Any:
        """By the kind of node."""
        kinds = {
            yaml.MappingNode: self.construct_yaml_map,
            yaml.SequenceNode: self.construct_yaml_seq,
        }
        return kinds.get(type(node), self.construct_yaml_str)(node)


_ForeignLoader.yaml_constructors = {**_Loader.yaml_constructors, None: _ForeignLoader.construct_plain}

"""What becomes of a file on its way to a reader: damage, other encodings, numbers that nobody wrote."""

import json
import random
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import yaml

EXTREMES = (
    *("0", "-1", "1e300", "-1e300", "1e-300", "1e999", "nan", "inf", "-inf", "NaN", "Infinity", "null", "''"),
    *("true", "0.5", "30000000", "1000000", "65536", "2147483648", "9223372036854775808", "1" + "0" * 400),
    *("9" * 5000, "0x7fffffff", "2026-05-01", "!!binary AAAA", "[[[[]]]]", "{}", "[]", "-0.0", "1_000", "½"),
)
"""What a number is replaced by, as text."""
VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 0.5, 1e300, -1e300, 1e-300, float("nan"), float("inf"), 10**6, 3 * 10**7, 2**31),
    *(2**63, 10**400, "", "x", "é\u202e\x1b[31m", "../../x", "/etc/passwd", "=1+1", [], {}, [[]], {"": {}}),
    *([None] * 3, [1e300] * 4, {"a": [1, {"b": None}]}),
)
"""What a node of a tree is replaced by."""


class Mutation(NamedTuple):
    """A kind of change."""

    name: str
    change: Callable[[bytes, random.Random], bytes]
    harmless: bool = False
    """Whether the content says the same, so that whoever reads it as text must take it."""


def _flip(content: bytes, draw: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 8, 64))):
        if changed:
            changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _header(content: bytes, draw: random.Random) -> bytes:
    """Bytes near the beginning, where sizes and counts stand."""
    changed = bytearray(content)
    for _ in range(draw.choice((1, 2, 4))):
        if changed:
            place = draw.randrange(min(len(changed), 128))
            some = draw.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80"))
            changed[place : place + len(some)] = some
    return bytes(changed)


def _zeros(content: bytes, draw: random.Random) -> bytes:
    """What a disk leaves of a sector that was never written."""
    length = draw.choice((64, 512, 4096, 4096))
    place = draw.randrange(max(1, len(content) - length)) if content else 0
    place = place // 512 * 512 if len(content) > 1024 else place
    return content[:place] + b"\0" * min(length, len(content) - place) + content[place + length :]


def _truncate(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content) + 1)] if draw.random() < 0.9 else b""


def _splice(content: bytes, draw: random.Random) -> bytes:
    """A part of the file stands at another place as well, or in its place."""
    if not content:
        return content
    first, length = draw.randrange(len(content)), draw.choice((1, 8, 100, 1000))
    part, place = content[first : first + length], draw.randrange(len(content))
    return content[:place] + part + content[place + (len(part) if draw.random() < 0.5 else 0) :]


def _delete(content: bytes, draw: random.Random) -> bytes:
    place, length = draw.randrange(len(content) + 1), draw.choice((1, 2, 16, 200))
    return content[:place] + content[place + length :]


def _junk(content: bytes, draw: random.Random) -> bytes:
    """Another file under this name."""
    return draw.choice(
        (
            draw.randbytes(draw.choice((1, 100, 5000))),
            b"<!DOCTYPE html><html><body>404 Not Found</body></html>\n",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n",
            b"PK\x03\x04" + draw.randbytes(60),
            b"\0" * draw.choice((1, 4096, 65536)),
            b"[" * 100_000,
            b"{" * 1500 + b"}" * 1500,
            b'{"a":' * 5000,
            b"- " * 3000 + b"1",
            _laughs(),
            b"\n".join([b"x"] * 20_000),
            b"1," * 20_000,
            b"#" * 5000,
            b"\xff\xfe\xff\xfe" * 40,
        )
    )


def _laughs() -> bytes:
    """Aliases of aliases: a kilobyte that means 9^9 values."""
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join([*lines, "condition: *a9", "fx: *a9", "topics: *a9"]).encode()


def _number(content: bytes, draw: random.Random) -> bytes:
    """A number in a text becomes an extreme one."""
    numbers = list(re.finditer(rb"-?\d+(\.\d+)?([eE][+-]?\d+)?", content))
    if not numbers:
        return _flip(content, draw)
    for found in sorted(
        draw.sample(numbers, min(len(numbers), draw.choice((1, 1, 2)))), key=lambda m: -m.start()
    ):
        content = content[: found.start()] + draw.choice(EXTREMES).encode() + content[found.end() :]
    return content


def _integer(content: bytes, draw: random.Random) -> bytes:
    """Four or eight bytes become an extreme number."""
    if len(content) < 8:
        return _flip(content, draw)
    size, order = draw.choice((2, 4, 8)), draw.choice(("little", "big"))
    value = draw.choice((0, 1, 2**31 - 1, 2**32 - 1, 2**63 - 1, 10**6, 65535)) & (1 << 8 * size) - 1
    place = draw.randrange(len(content) - size + 1)
    return content[:place] + value.to_bytes(size, order) + content[place + size :]


def _lines(content: bytes, draw: random.Random) -> bytes:
    """Lines are lost, come twice or in another order."""
    lines = content.splitlines(keepends=True)
    if not lines:
        return content
    place = draw.randrange(len(lines))
    match draw.randrange(4):
        case 0:
            del lines[place]
        case 1:
            lines.insert(draw.randrange(len(lines)), lines[place])
        case 2:
            draw.shuffle(lines)
        case _:
            lines[place] = lines[place][: draw.randrange(len(lines[place]) + 1)] + b"\n"
    return b"".join(lines)


def _value(content: bytes, draw: random.Random) -> bytes:
    """A node of JSON or YAML, or of one line of it, becomes something else, is lost or renamed."""
    lines = content.splitlines(keepends=True)
    if len(lines) > 1 and all(line.startswith(b"{") for line in lines[:3]):
        place = draw.randrange(len(lines))
        return b"".join([*lines[:place], _value(lines[place].rstrip(), draw) + b"\n", *lines[place + 1 :]])
    try:
        text = content.decode()
        is_json = text.lstrip()[:1] in ("{", "[")
        tree = json.loads(text) if is_json else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        return _number(content, draw)
    if not isinstance(tree, (dict, list)):
        return _number(content, draw)
    places = list(_places(tree))
    if not places:
        return _number(content, draw)
    for _ in range(draw.choice((1, 1, 2))):
        holder, key = draw.choice(places)
        if isinstance(holder, dict) and key in holder and draw.random() < 0.2:
            value = holder.pop(key)
            if draw.random() < 0.5:
                holder[draw.choice(("x", 30_000_000, "", "é", None, 1.5))] = value
        elif isinstance(holder, dict) or key < len(holder):
            holder[key] = draw.choice(VALUES)
    if is_json:
        return json.dumps(tree).encode()
    return yaml.safe_dump(tree, sort_keys=False).encode()


def _places(tree: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else list(range(min(len(holder), 50)))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], (dict, list)):
                waiting.append(holder[key])
    return found


def _utf16(content: bytes, draw: random.Random) -> bytes:
    return content.decode(errors="replace").encode(draw.choice(("utf-16", "utf-16-le", "utf-16-be")))


def _latin1(content: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(content) + 1)
    return content[:place] + draw.choice((b"\xe9", b"\xff", b"\x00", b"\x1a", b"\xc3")) + content[place:]


BYTES = (
    Mutation("flip", _flip),
    Mutation("header", _header),
    Mutation("zeros", _zeros),
    Mutation("truncate", _truncate),
    Mutation("splice", _splice),
    Mutation("delete", _delete),
    Mutation("junk", _junk),
    Mutation("integer", _integer),
)
"""Of all files."""
TEXTS = (
    Mutation("number", _number),
    Mutation("number", _number),
    Mutation("value", _value),
    Mutation("value", _value),
    Mutation("lines", _lines),
    Mutation("truncate", _truncate),
    Mutation("flip", _flip),
    Mutation("zeros", _zeros),
    Mutation("splice", _splice),
    Mutation("junk", _junk),
    Mutation("byte order mark", lambda content, _: b"\xef\xbb\xbf" + content, harmless=True),
    Mutation(
        "crlf", lambda content, _: content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), harmless=True
    ),
    Mutation("utf-16", _utf16),
    Mutation("latin-1", _latin1),
)
"""Of texts."""
TEXT_SUFFIXES = frozenset(
    {".yaml", ".yml", ".json", ".jsonl", ".csv", ".txt", ".xml", ".gpx", ".timestamps", ".md", ".toml"}
)


def mutations_of(suffix: str) -> tuple[Mutation, ...]:
    """What may happen to a file with this suffix."""
    return TEXTS if suffix.lower() in TEXT_SUFFIXES else BYTES

"""JSON tables, read whole where they are small and searched in place where they are long.

Two of the full set have 2.6 million records, of which depth needs a tenth; only these are parsed.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from acdepth.core.errors import OnFault, UserError, telling
from acdepth.core.files import reading
from acdepth.core.texts import refuse_utf16

_TOKEN = re.compile(rb'"token"\s*:\s*"([^"]*)"')
_BLOCK = 1 << 19
"""Bytes searched at a time: few enough to stay in the processor's cache."""
_MOST_FAULTS = 100
"""Told of one table; a file with more of them is another file."""
_LONGEST_RECORD = 1 << 20
"""Bytes; those of the long tables have some 600, and without an end to records nothing is found."""


def read_rows(path: Path, types: Mapping[str, Any], on_fault: OnFault) -> list[dict[str, Any]]:
    """The records of a small table that have the named keys, ``token`` among them, with values of the types.

    Raises:
        UserError: by ``on_fault``, if the file is not readable or a record is damaged or there twice.
    """
    rows, seen, tell = list[Any](), set[str](), _told_at_most(path, on_fault)
    with telling(on_fault), reading(path, "a nuScenes table", "unpack the metadata again"):
        content = path.read_bytes()
        refuse_utf16(content, path)
        found = orjson.loads(content.removeprefix(codecs.BOM_UTF8))
        if not isinstance(found, list):
            raise ValueError("expected a list of records")
        rows = found
    whole = list[dict[str, Any]]()
    with suppress(_Enough):
        whole.extend(row for row in rows if _is_whole(row, types, seen, path, tell))
    return whole


def find_rows(
    path: Path, texts: Iterable[str], types: Mapping[str, Any], on_fault: OnFault
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The records of a long table in which a text stands, with the text; checked as by `read_rows`.

    No record may hold two of the texts.
    """
    with suppress(_Enough):
        yield from _find_rows(path, texts, types, _told_at_most(path, on_fault))


def _find_rows(
    path: Path, texts: Iterable[str], types: Mapping[str, Any], on_fault: OnFault
) -> Iterator[tuple[str, dict[str, Any]]]:
    names, seen = {text.encode(): text for text in texts}, set[str]()
    for block in _blocks(path, on_fault):
        for text, name in names.items():
            place, end = block.find(text), 0
            while place >= 0:
                # Records of the long tables hold no others, so the nearest braces are their own.
                before, end = end, block.find(b"}", place) + 1
                with telling(on_fault):
                    row = parse(block[max(block.rfind(b"{", before, place), before) : end], path)
                    if _is_whole(row, types, seen, path, on_fault):
                        yield name, row
                place = block.find(text, end)


def find_records(path: Path, wanted: Set[bytes], on_fault: OnFault) -> dict[str, bytes]:
    """The unparsed records of a long table that have one of the wanted tokens, by token."""
    found: dict[str, bytes] = {}
    seen: set[str] = set()
    for block in _blocks(path, on_fault):
        records = block.split(b"}")
        tokens = _TOKEN.findall(block)
        if len(tokens) != len(records) - 1:
            tokens = [match[1] if (match := _TOKEN.search(record)) else b"" for record in records]
        for number, token in enumerate(tokens):
            if token in wanted and _is_new(token.decode(), seen, path, on_fault):
                record = records[number]
                found[token.decode()] = record[record.find(b"{") :] + b"}"
    return found


def parse(record: bytes, path: Path) -> dict[str, Any]:
    """One record.

    Raises:
        UserError: if it is damaged.
    """
    try:
        return orjson.loads(record)
    except ValueError as error:
        token = _TOKEN.search(record)
        name = f"record {token[1].decode(errors='replace')}" if token else "a record"
        raise UserError(path, f"{name} is no JSON ({error})", "copy the file again") from error


class _Enough(Exception):
    """Nobody reads on."""


def _told_at_most(path: Path, on_fault: OnFault) -> OnFault:
    """As ``on_fault``, which is told once that there are more than `_MOST_FAULTS`, and then nothing."""
    numbers = count(1)

    def tell(fault: UserError) -> None:
        if next(numbers) > _MOST_FAULTS:
            told = f"has more than {_MOST_FAULTS} records at fault; the rest is not read"
            on_fault(UserError(path, told, "copy the file again"))
            raise _Enough
        on_fault(fault)

    return tell


def _is_whole(row: Any, types: Mapping[str, Any], seen: set[str], path: Path, on_fault: OnFault) -> bool:
    """Whether a record has the named keys with values of these types, and a new token; if not, it is told."""
    row = row if isinstance(row, dict) else {}
    for key, kind in types.items():
        if type(row.get(key)) is not kind:
            said = f"has {row[key]!r} as" if key in row else "has no"
            on_fault(UserError(path, f"record {_name_of(row)} {said} {key}", "copy the file again"))
            return False
    return _is_new(row["token"], seen, path, on_fault)


def _name_of(row: Mapping[str, Any]) -> str:
    """What a record can be found by in its table, though it may lack its token."""
    return str(next((row[key] for key in ("token", "filename", "name", "timestamp") if key in row), "?"))


def _is_new(token: str, seen: set[str], path: Path, on_fault: OnFault) -> bool:
    """Whether no record before had it; if one had, it is told, as nobody could say which one is meant."""
    if token in seen:
        on_fault(UserError(path, f"has record {token} twice", "copy the file again"))
        return False
    seen.add(token)
    return True


def _blocks(path: Path, on_fault: OnFault) -> Iterator[bytes]:
    """A long table as whole records, many at a time; it is a fault if it cannot be read or breaks off."""
    rest = b""
    try:
        with path.open("rb") as stream:
            while more := stream.read(_BLOCK):
                block = rest + more
                refuse_utf16(block, path)
                end = block.rfind(b"}") + 1
                if end:
                    yield block[:end]
                rest = block[end:]
                if len(rest) > _LONGEST_RECORD:
                    raise ValueError(f"{len(rest)} bytes without the end of a record")
    except UserError as fault:
        on_fault(fault)
        return
    except (OSError, ValueError) as error:
        told = f"cannot be read ({getattr(error, 'strerror', None) or error})"
        on_fault(UserError(path, told, "unpack the metadata again"))
        return
    if not rest.rstrip().endswith(b"]"):
        on_fault(UserError(path, "breaks off before its end", "copy it again"))

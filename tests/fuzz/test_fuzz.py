"""Nothing that a file holds is an exception, a raw line, a hang or a gigabyte."""

import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acdepth.core.errors import UserError
from tests.fuzz import sane
from tests.fuzz.mutate import BYTES, TEXTS
from tests.fuzz.readers import READERS
from tests.fuzz.running import Fuzzer, fuzz

QUICK = ("picture.jpg", "sequence", "camera-file", "manifest", "votes")
"""Readers whose imports take little time."""
INPUTS = 10_000
"""Of the slow test; their seed is fixed, so that it tells of changes in the code alone."""


def told(counts: dict) -> list[str]:
    """A line for each fault, by which it is run again."""
    return [
        f"python -m tests.fuzz {name} --only {fault['number']} --seed {seed}: "
        f"{fault['kind']}, {fault['change']}, {fault['told'][-300:]}"
        for (name, seed), count in counts.items()
        for fault in count.faults
    ]


def test_a_few_hundred_inputs() -> None:
    counts = {(name, 0): count for name, count in fuzz(list(QUICK), 210, seed=0).items()}
    assert {name for name, _ in counts} == set(QUICK)
    assert sum(count.inputs for count in counts.values()) >= 200
    assert told(counts) == []
    assert all(count.refused for count in counts.values())


@pytest.mark.slow
def test_ten_thousand_inputs() -> None:
    counts = {(name, 1): count for name, count in fuzz(list(READERS), INPUTS + 500, seed=1).items()}
    assert {name for name, _ in counts} == set(READERS)
    assert sum(count.inputs for count in counts.values()) >= INPUTS
    assert told(counts) == []


@pytest.mark.parametrize("mutation", [*BYTES, *TEXTS], ids=lambda one: one.name)
def test_a_seed_gives_the_same_input_again(mutation) -> None:
    content = b'{"fx": 500, "names": ["a", "b"], "rate": 12.5}\n' * 20
    first, second = (mutation.change(content, random.Random(7)) for _ in range(2))
    assert first == second
    assert {mutation.change(content, random.Random(n)) for n in range(20)} != {content} or mutation.harmless
    for empty in (b"", b"\n"):
        mutation.change(empty, random.Random(1))


def refuse(where: str) -> None:
    raise UserError(where, "x")


PLANTED: dict[str, Callable[[], Any]] = {
    "exception": lambda: {}["x"],
    "noise": lambda: os.write(2, b"libpng error: x\n"),
    "slow": lambda: [None for _ in iter(int, 1)],
    "memory": lambda: bytearray(2 << 30),
    "insane": lambda: sane.need(False, "x"),
    "crash": lambda: os._exit(9),
    "line": lambda: refuse("a" * 5000),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_each_kind_of_fault_is_found(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fuzzer can fail: a reader that does the worst is told, and the next input is fed all the same."""
    good = READERS["votes"]

    def read(folder: Path) -> None:
        if b"x" in (folder / "votes.csv").read_bytes()[-2:]:
            PLANTED[kind]()

    monkeypatch.setitem(READERS, "votes", replace(good, read=read))
    planted = BYTES[0]._replace(change=lambda content, _: content + b"x")
    monkeypatch.setattr("tests.fuzz.running.mutations_of", lambda suffix: (planted,))
    monkeypatch.setattr("tests.fuzz.running.MOST_SECONDS", 0.5)
    fuzzer = Fuzzer("votes", 0)
    try:
        assert fuzzer.first.kind == "accepted"
        kinds = {fuzzer.feed(number).kind for number in range(3)}
        assert kind in kinds and fuzzer.count.inputs == 3
    finally:
        fuzzer.close()

"""What an identity takes from settings, and how it tells changes."""

from typing import ClassVar

from acdepth.core.config import Config
from acdepth.core.files import hash_json
from acdepth.core.identity import Identity, in_one_line


class Inner(Config):
    incidental: ClassVar = frozenset({"workers"})
    formerly: ClassVar = {"kind": "old"}
    rate: float = 1.0
    kind: str = "new"
    workers: int = 4


class Outer(Config):
    incidental: ClassVar = frozenset({"out"})
    formerly: ClassVar = {"size": 7}
    name: str = "a"
    size: int = 8
    out: str = "here"
    inner: Inner = Inner()


def test_settings_that_shape_the_outcome_stand_by_dotted_name():
    found = Identity.of(Outer(name="b", out="there", inner=Inner(rate=2.0, workers=9)))
    assert found.values == {"name": "b", "size": 8, "inner.rate": 2.0, "inner.kind": "new"}
    assert found.defaults == {"size", "inner.kind"}
    assert found.formerly == {"size": 7, "inner.kind": "old"}


def test_only_some_settings():
    found = Identity.of(Outer(), only=("inner",))
    assert found.values == {"inner.rate": 1.0, "inner.kind": "new"}
    assert found.defaults == {"inner.rate", "inner.kind"} and found.formerly == {"inner.kind": "old"}
    assert Identity.of(Outer(), only=()).values == {}


def test_facts_are_added_where_there_is_something_to_say():
    found = Identity({"rate": 1}).and_facts({"files": ("a", "b"), "nothing": None, "zero": 0})
    assert found.values == {"rate": 1, "files": ["a", "b"], "zero": 0}
    assert found.hash == hash_json({"zero": 0, "files": ["a", "b"], "rate": 1})
    assert found.hash != Identity({"rate": 1}).hash


def test_changes_are_told_by_name_and_hashes_are_cut_short():
    before = {"data": "0123456789abcdef" * 4, "gone": 1, "same": [1], "text": "f" * 63}
    now = Identity({"data": "f" * 64, "same": [1], "text": "g" * 64, "new": {"a": 1}})
    assert now.changes(before) == {
        "data": "01234567 → ffffffff",
        "gone": "1 → nothing",
        "new": 'nothing → {"a": 1}',
        "text": f"{'f' * 63} → {'g' * 64}",
    }
    assert list(now.changes(before)) == ["data", "gone", "new", "text"]
    assert now.changes(now.values) == {}


def test_more_than_six_changes_are_counted():
    changes = {f"n{number}": "1 → 2" for number in range(8)}
    six = "; ".join(f"n{number}: 1 → 2" for number in range(6))
    assert in_one_line(changes) == f"{six}; and 2 more"
    assert in_one_line(dict(list(changes.items())[:7])) == f"{six}; and 1 more"
    assert in_one_line(dict(list(changes.items())[:6])) == six

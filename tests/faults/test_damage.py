"""A block of zeros in a file that is read again: it is told in one line, or what was before is taken."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch

from acdepth.core import cache
from acdepth.core.errors import UserError
from acdepth.data import open_data, prepare
from acdepth.data.answers import answers_of, ask
from acdepth.data.prepared import Prepared
from acdepth.data.shards.pack import pack
from acdepth.data.shards.packed import Packed
from tests.data.folders import write_drive
from tests.engine.test_resume import SETTINGS, train
from tests.faults.damage import zero

SIZE = (24, 40)


def test_the_state_before_a_damaged_one_is_gone_on_from_and_gives_the_same(tmp_path, caplog):
    unbroken = train(tmp_path).state_dict()
    whole = {path.name: path.read_bytes() for path in tmp_path.glob("checkpoints/*")}
    before, newest = sorted(tmp_path.glob("checkpoints/*"))
    for place, said in ((1.0, "not what was written"), (0.0, "is damaged")):  # numbers, and the header
        newest.write_bytes(whole[newest.name])
        zero(newest, place, 64)
        caplog.clear()
        resumed = train(tmp_path).state_dict()
        assert all(torch.equal(resumed[name], unbroken[name]) for name in unbroken)
        [told] = caplog.messages
        assert f"{newest.name} is damaged" in told and said in told and f"going on from {before.name}" in told


def test_a_state_of_an_earlier_version_has_no_hash_and_is_taken(tmp_path, monkeypatch, caplog):
    from acdepth.engine import state

    with monkeypatch.context() as patch:
        save = state.save
        patch.setattr(state, "save", lambda tensors, told: save(tensors, _without_hash(told)))
        unbroken = train(tmp_path, settings=SETTINGS).state_dict()
    assert all(torch.equal(value, unbroken[name]) for name, value in train(tmp_path).state_dict().items())
    assert not caplog.messages


def _without_hash(told: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in told.items() if name != "sha256"}


@pytest.mark.parametrize("kind", ["prepared", "packed"])
def test_a_damaged_prepared_image_is_named_when_it_is_read(tmp_path: Path, kind: str) -> None:
    footage, out = open_data(write_drive(tmp_path / "drive")), tmp_path / "out"
    if kind == "prepared":
        prepare(footage, out, SIZE)
        zero(out / "images.bin", at=0.6, count=100)
        found = Prepared.open(out)
    else:
        pack(footage, out, SIZE, workers=1, per_shard=6)
        zero(out / "shards" / "000000.bin", at=0.6, count=100)
        found = Packed.open(out)
    faults = []
    for number in range(len(found)):
        try:
            found.image(number, mirror=True)
        except UserError as error:
            faults.append(str(error))
    [fault] = faults
    assert "/00000" in fault and "is not as it was written; the disk damaged it" in fault


@pytest.mark.parametrize("kind", ["prepared", "packed"])
def test_a_damaged_column_is_named_when_it_is_opened(tmp_path: Path, kind: str) -> None:
    footage, out = open_data(write_drive(tmp_path / "drive")), tmp_path / "out"
    make = prepare if kind == "prepared" else pack
    make(footage, out, SIZE)
    zero(out / "frames" / "clip_intrinsics.npy", at=1.0, count=16)
    with pytest.raises(UserError, match=r"clip_intrinsics\.npy: its content is not what was writ"):
        make(footage, out, SIZE)


def test_what_was_prepared_by_an_earlier_version_is_read_unchecked(tmp_path: Path) -> None:
    prepared = prepare(open_data(write_drive(tmp_path / "drive")), tmp_path / "out", SIZE)
    (tmp_path / "out" / "frames" / "check.npy").unlink()
    found = Prepared.open(tmp_path / "out")
    assert all(np.array_equal(found.image(n, False), prepared.image(n, False)) for n in range(len(found)))
    assert len(found.frames.take(np.arange(2))) == 2


def test_a_damaged_answer_is_named_when_it_is_read(tmp_path: Path) -> None:
    prepared = prepare(open_data(write_drive(tmp_path / "drive")), tmp_path / "out", SIZE)
    answers = answers_of(tmp_path, "teacher", prepared, {}, [SIZE])
    ask(answers, prepared, "teacher", lambda image: [image.mean(1, keepdim=True)], torch.device("cpu"))
    said = [answers.maps(number, False)[0].copy() for number in range(6)]
    zero(answers.file(0), at=0.6, count=100)
    again = answers_of(tmp_path, "teacher", prepared, {}, [SIZE])
    assert np.array_equal(again.maps(0, False)[0], said[0])
    with pytest.raises(UserError, match=r"000000\.bin: what it says of image 3 is not as it was written"):
        for number in range(6):
            again.maps(number, True)


def test_a_damaged_folder_of_the_cache_is_made_anew_and_told(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path)
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "graph.bin").write_bytes(bytes(range(256)) * 64)

    def times_made() -> int:
        with cache.kept("graph", {"of": 1}, make) as place:
            assert (place / "graph.bin").read_bytes() == bytes(range(256)) * 64
        return len(made)

    assert [times_made(), times_made()] == [1, 1]
    [file] = tmp_path.rglob("graph.bin")
    zero(file)
    assert [times_made(), times_made()] == [2, 2]
    [told] = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "is not as it was made, so it is made anew" in told

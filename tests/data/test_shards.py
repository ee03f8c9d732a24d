"""Packed footage is what preparation gives, wherever it lies, whoever made it and whenever it is read."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from acdepth.core.errors import UserError
from acdepth.data import Prepared, TripletBatches, open_data, prepare
from acdepth.data.decoding import read_part
from acdepth.data.frames import Frames
from acdepth.data.prepared import fingerprint
from acdepth.data.shards.pack import pack
from acdepth.data.shards.packed import INDEX, Packed
from acdepth.data.shards.place import CACHE, address_of
from tests.data.folders import write_drive
from tests.data.rows import rows
from tests.shares import together

SIZE = (12, 20)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name in "ab":
        write_drive(tmp_path / "data" / name, count=5)
    return tmp_path / "data"


@pytest.fixture(params=["folder", "address"])
def out(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where footage is packed to: a folder, or an address of which copies are kept elsewhere."""
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    return tmp_path / "packed" if request.param == "folder" else Path(f"memory://{tmp_path.name}/packed")


def packed(data: Path, out: Path, **how: object) -> Packed:
    return pack(open_data(data), out, SIZE, workers=1, per_shard=3, **how)  # pyright: ignore[reportArgumentType]


def same(one: Prepared, other: Prepared) -> bool:
    pixels = [np.array_equal(one.image(n, False), other.image(n, False)) for n in range(len(other))]
    about = one.made_from == other.made_from and one.images.shape == other.images.shape
    return about and all(pixels) and rows(one.frames) == rows(other.frames)


def test_it_is_what_preparation_gives(data, out, tmp_path):
    wanted = prepare(open_data(data), tmp_path / "prepared", SIZE)
    assert same(packed(data, out), wanted)
    assert same(pickle.loads(pickle.dumps(Packed.open(out))), wanted)
    assert [len(clip) for clip in open_data(out)] == [5, 5]


def test_a_frame_that_cannot_be_read_is_left_out(data, tmp_path):
    write_drive(data / "c", count=12)
    (data / "a" / "images" / "000001.png").write_bytes(b"torn")
    wanted = prepare(open_data(data), tmp_path / "prepared", SIZE)
    found = packed(data, tmp_path / "packed")
    assert len(found) == 21 and same(found, wanted) and [count for count, _ in found.shards][:2] == [2, 3]


def files(folder: Path) -> dict[str, bytes]:
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.endswith(".lock")}


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of the images that are decoded from here on."""
    found: list[int] = []

    def read(reader, numbers, write, of=read_part):
        found.extend(numbers)
        return of(reader, numbers, write)

    monkeypatch.setattr("acdepth.data.shards.pack.read_part", read)
    return found


def test_any_number_of_processes_makes_the_same_files_each_shard_once(data, tmp_path, decoded):
    together(3, lambda share: packed(data, tmp_path / "three", share=share))
    assert sorted(decoded) == list(range(10))
    packed(data, tmp_path / "one")
    assert files(tmp_path / "one") == files(tmp_path / "three")


def test_what_is_there_is_kept_and_what_lacks_is_made(data, tmp_path, decoded):
    before = files(packed(data, tmp_path / "out").folder)
    packed(data, tmp_path / "out")
    assert len(decoded) == 10
    (tmp_path / "out" / INDEX).unlink()
    (tmp_path / "out" / "shards" / "000001.json").unlink()
    packed(data, tmp_path / "out")
    assert decoded[10:] == [3, 4, 5] and files(tmp_path / "out") == before


def test_other_footage_does_not_count_as_packed_until_all_of_it_is(data, tmp_path, monkeypatch):
    packed(data, tmp_path / "out")
    write_drive(data / "c", count=2)
    monkeypatch.setattr("acdepth.data.shards.pack._finish", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        packed(data, tmp_path / "out")
    with pytest.raises(UserError, match="holds no packed footage; make it with acdepth data pack"):
        Packed.open(tmp_path / "out")


def test_batches_are_the_same_from_any_step_on_with_nothing_fetched_yet(data, out, tmp_path):
    """So a run that reads it resumes exactly, on whatever machine."""
    packed(data, out)
    local = TripletBatches(prepare(open_data(data), tmp_path / "prepared", SIZE), 4, 0)
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    taken = prepare(open_data(out), tmp_path / "not used", SIZE)
    assert not (tmp_path / "not used").exists()
    far = TripletBatches(taken, 4, 0)
    for step in (5, 0, 2):
        for name, value in vars(local.batch(step)).items():
            other = getattr(far.batch(step), name)
            assert value is other is None or torch.equal(value.nan_to_num(-1), other.nan_to_num(-1))


def test_only_the_shards_that_are_asked_for_are_fetched(data, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    found = packed(data, Path("memory://some/packed"))
    found.image(4, mirror=False)
    assert [path.name for path in (tmp_path / "cache").rglob("*.bin")] == ["000001.bin"]


def test_its_identity_is_that_of_the_footage_wherever_it_lies(data, out):
    packed(data, out)
    assert fingerprint(open_data(out), SIZE, None) == fingerprint(open_data(data), SIZE, None)


def test_it_is_taken_as_it_was_packed_and_whole(data, tmp_path):
    packed(data, tmp_path / "out")
    clips = open_data(tmp_path / "out")
    with pytest.raises(UserError, match=r"prepared with 12x20 of the whole image by area, but .* 6x10 of"):
        prepare(clips, tmp_path / "p", (6, 10))
    with pytest.raises(UserError, match="a part of it is asked for"):
        prepare(clips[:1], tmp_path / "p", SIZE)


def test_a_shard_that_is_another_is_refused(data, tmp_path, monkeypatch):
    import fsspec

    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    found = packed(data, Path("memory://damaged/packed"))
    system = fsspec.filesystem("memory")
    content = bytearray(system.cat_file("/damaged/packed/shards/000002.bin"))
    content[7] ^= 1
    system.pipe_file("/damaged/packed/shards/000002.bin", bytes(content))
    with pytest.raises(UserError, match=r"memory://damaged/packed/shards/000002\.bin: is not what its index"):
        found.image(7, mirror=False)
    assert not list((tmp_path / "cache").rglob("*.bin"))


def test_an_index_of_another_version_is_refused(data, tmp_path):
    packed(data, tmp_path)
    index = json.loads((tmp_path / INDEX).read_text())
    (tmp_path / INDEX).write_text(json.dumps({**index, "format": 0}))
    with pytest.raises(UserError, match="written by another version; pack it again"):
        open_data(tmp_path)


def test_an_address_that_cannot_be_reached_is_told_in_a_line(tmp_path):
    with pytest.raises(UserError, match=r"nosuch://bucket/x: cannot be read .* installed, and access given"):
        open_data(Path("nosuch://bucket/x"))


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("s3://a/b", "s3://a/b"),
        ("s3:/a/b/", "s3://a/b"),
        ("C:/a", None),
        ("hf:a/b", None),
        ("/a/s3:/b", None),
    ],
)
def test_what_counts_as_an_address(path, address):
    assert address_of(Path(path)) == address


def test_columns_are_those_of_frames(data, tmp_path):
    packed(data, tmp_path / "out")
    assert len(Frames.open(tmp_path / "out" / "frames")) == 10

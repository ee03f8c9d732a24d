"""Packed footage in an object store that speaks S3, over a socket."""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import DataLoader

from acdepth.core.errors import UserError
from acdepth.data import MixBatches, open_data, prepare
from acdepth.data.shards.pack import pack
from acdepth.data.shards.place import CACHE
from tests.data.folders import write_drive

LACKING = [name for name in ("s3fs", "moto", "flask", "flask_cors") if not importlib.util.find_spec(name)]
pytestmark = pytest.mark.skipif(bool(LACKING), reason=f"no object store here: {', '.join(LACKING)} missing")
SIZE = (12, 20)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    import fsspec
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    told = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }
    for name, value in {**told, "AWS_DEFAULT_REGION": "us-east-1", CACHE: str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)
    store = fsspec.filesystem("s3", skip_instance_cache=True)
    store.mkdir(f"drives-{port}")  # all servers of a process share what they hold
    yield Path(f"s3://drives-{port}/clear")
    fsspec.filesystem("s3").clear_instance_cache()
    server.stop()


def test_a_training_reads_the_same_batches_and_goes_on_after_its_copy_is_gone(bucket, tmp_path):
    clips = open_data(write_drive(tmp_path / "data", count=7))
    pack(clips, bucket, SIZE, workers=1, per_shard=2)
    local = MixBatches(prepare(clips, tmp_path / "prepared", SIZE), {}, None, 3, 0)
    far = MixBatches(prepare(open_data(bucket), tmp_path / "none", SIZE), {}, None, 3, 0)
    wanted = [local.batch(step).clear.numpy() for step in range(6)]
    shutil.rmtree(tmp_path / "cache" / "shards", ignore_errors=True)
    rest = DataLoader(_From(far, 3), batch_size=None, num_workers=1)  # a fork, as in a training
    found = [far.batch(step).clear.numpy() for step in range(3)] + [one.clear.numpy() for one in rest]
    assert all(np.array_equal(one, other) for one, other in zip(wanted, found, strict=True))
    for shard in (tmp_path / "cache").rglob("*.bin"):
        shard.unlink()
    again = MixBatches(prepare(open_data(bucket), tmp_path / "none", SIZE), {}, None, 3, 0)
    assert np.array_equal(again.batch(5).clear.numpy(), wanted[5])


def test_a_bucket_that_is_not_there_is_told_in_a_line(bucket, tmp_path):
    clips = open_data(write_drive(tmp_path / "data", count=2))
    with pytest.raises(UserError, match="s3://nowhere/x: cannot be written to"):
        pack(clips, Path("s3://nowhere/x"), SIZE, workers=1)


class _From:
    def __init__(self, batches: MixBatches, start: int) -> None:
        self.batches, self.start = batches, start

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int):
        if index >= 3:
            raise IndexError
        return self.batches.batch(self.start + index)

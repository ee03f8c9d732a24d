"""What visitors send does not fill the disk, whatever becomes of them."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from acdepth.serve.app import make_app
from acdepth.serve.batching import Batcher
from acdepth.serve.desk import Desk
from acdepth.serve.limits import Limits
from acdepth.serve.shelf import Shelf
from acdepth.serve.uploads import DEAD, EMPTY, Uploads
from tests.serve.servers import listening, tiny_models

KILOBYTE = 1000
ADDRESS = "/gradio_api/upload"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    limits = Limits(kept_megabytes=0.1)
    with Batcher(limits) as batcher:
        yield Desk(tiny_models(), batcher, limits, Shelf(limits.sessions), [], tmp_path)


def aged(path: Path, seconds: float) -> Path:
    os.utime(path, (time.time() - seconds, time.time() - seconds))
    return path


def sent(folder: Path, name: str, size: int) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    return path


def test_more_than_there_is_room_for_is_refused_and_later_taken(desk: Desk) -> None:
    files = {"files": ("a.png", bytes(60 * KILOBYTE))}
    with TestClient(make_app(desk, "127.0.0.1", ""), "http://127.0.0.1:7860") as client:
        [path] = client.post(ADDRESS, files=files).json()
        refused = client.post(ADDRESS, files={"files": ("b.png", bytes(60 * KILOBYTE))})
        assert refused.status_code == 429 and "too much was sent" in refused.json()["error"]
        assert client.post(ADDRESS, files={"files": ("c.png", bytes(9 * KILOBYTE))}).status_code == 200
        Path(path).unlink()  # as Gradio does after an hour
        assert client.post(ADDRESS, files={"files": ("b.png", bytes(60 * KILOBYTE))}).status_code == 200


def test_what_comes_at_the_same_time_counts_together(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path / "visitors", 100)
    with uploads.coming(60):
        assert uploads.have_room()
        with uploads.coming(60):
            assert not uploads.have_room()
        assert uploads.have_room()


def test_only_what_nobody_needs_goes(tmp_path: Path) -> None:
    coming, whole = sent(tmp_path, "tmp1", 40), sent(tmp_path, "0a1b/street.png", 50)
    broken, empty, soon = sent(tmp_path, "tmp2", 400), tmp_path / "2c3d", tmp_path / "4e5f"
    empty.mkdir()
    soon.mkdir()
    for path, seconds in ((broken, 1.1 * DEAD), (coming, 0.9 * DEAD), (soon, 0.9 * EMPTY)):
        aged(path, seconds)
    for path in (empty, whole, whole.parent):
        aged(path, 1.1 * EMPTY)
    assert Uploads(tmp_path, 90).have_room() and not Uploads(tmp_path, 89).have_room()
    assert set(tmp_path.iterdir()) == {coming, whole.parent, soon} and whole.exists()


def test_a_visitor_who_goes_away_is_no_error_and_what_came_goes(desk: Desk, capfd) -> None:
    visitors = desk.folder / "visitors"
    part = b'--B\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n' + bytes(
        50 * KILOBYTE
    )
    with listening(make_app(desk, "127.0.0.1", ""), desk.limits) as port:
        head = f"POST {ADDRESS} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 90000\r\n"
        with socket.create_connection(("127.0.0.1", port)) as visitor:
            visitor.sendall(head.encode() + b"Content-Type: multipart/form-data; boundary=B\r\n\r\n" + part)
            while not (left := [path for path in visitors.glob("*") if path.is_file()]):
                time.sleep(0.01)
        time.sleep(0.5)
        aged(left[0], 2 * DEAD)
        with TestClient(make_app(desk, "127.0.0.1", ""), f"http://127.0.0.1:{port}") as client:
            assert client.post(ADDRESS, files={"files": ("b.png", bytes(80 * KILOBYTE))}).status_code == 200
    assert not left[0].exists()
    assert "Traceback" not in capfd.readouterr().err

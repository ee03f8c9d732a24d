"""Uploads that mean harm: each is a 4xx within two seconds, and the server lives."""

import random
import socket
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from tests.inference.tiny import picture
from tests.serve.servers import encoded, listening, serving

PATIENCE = 0.6
"""Seconds that a body may be silent here."""
Draw = random.Random
Attack = Callable[[Draw], bytes]


def form(content: bytes, name: str = "a.png", fields: str = "") -> bytes:
    head = f'--x\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'
    return head.encode("latin-1") + content + f"\r\n{fields}--x--\r\n".encode("latin-1")


def request(body: bytes, headers: str = "", path: str = "/v1/depth", length: int | None = None) -> bytes:
    told = len(body) if length is None else length
    lines = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {told}\r\n"
    if "Content-Type" not in headers:
        lines += "Content-Type: multipart/form-data; boundary=x\r\n"
    return f"{lines}{headers}\r\n".encode("latin-1") + body


def field(name: str, value: str) -> str:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


def png_of_size(width: int, height: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def truncated(draw: Draw) -> bytes:
    content = encoded(picture(64, 96, draw.randrange(9)), draw.choice([".jpg", ".png", ".webp", ".bmp"]))
    return request(form(content[: int(draw.uniform(0.02, 0.9) * len(content))]))


def bomb(draw: Draw) -> bytes:
    side = draw.choice([6_000, 30_000, 2**31 - 1])
    return request(form(png_of_size(side, side, bytes(draw.choice([10, 1_000_000])))))


def bomb_of_passes(draw: Draw) -> bytes:
    content = encoded(suffix=".jpg")
    scan = content.index(b"\xff\xda")
    return request(form(content[:scan] + content[scan:-2] * draw.randint(60, 90) + b"\xff\xd9"))


def noise(draw: Draw) -> bytes:
    start = draw.choice([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBPVP8 ", b"BM"])
    return request(form(start + draw.randbytes(draw.randint(0, 5000))))


def wrong_type(draw: Draw) -> bytes:
    kinds = [b"GIF89a" + bytes(40), b"<svg onload=alert(1)>", b"%PDF-1.7", b"PK\x03\x04" + bytes(99)]
    kinds += [
        b"II*\0" + bytes(99),
        b"\0\0\0\x18ftypheic" + bytes(99),
        b"#!/bin/sh\nrm -rf /",
        b"\x7fELF",
        b"%!PS",
    ]
    return request(form(draw.choice(kinds), draw.choice(["a.png", "a.php", "a.svg", ""])))


PATHS = [
    "../../../etc/passwd",
    "/etc/passwd",
    "C:\\secret",
    "..%2f..%2fetc",
    "first\0",
    "~root",
    "file:///etc/passwd",
]


def path_trick(draw: Draw) -> bytes:
    name = draw.choice(PATHS)
    if draw.random() < 0.5:
        return request(form(encoded(), "a.png", field("model", name)))
    return request(form(b"text", name))


def path_in_address(draw: Draw) -> bytes:
    names = [
        "/v1/../../../../etc/passwd",
        "//etc/passwd",
        "/v1/depth/%2e%2e%2fetc",
        "/results/..%2f..%2f/a.npy",
    ]
    return request(form(encoded()), path=draw.choice(names))


def huge_headers(draw: Draw) -> bytes:
    if draw.random() < 0.5:
        return request(form(encoded()), f"X-Junk: {'a' * draw.randint(40_000, 200_000)}\r\n")
    return request(form(encoded()), "".join(f"X-{i}: {'b' * 90}\r\n" for i in range(draw.randint(500, 2000))))


def malformed(draw: Draw) -> bytes:
    good = form(encoded())
    return draw.choice(
        [
            request(good, "Content-Type: multipart/form-data\r\n"),
            request(good, "Content-Type: application/json\r\n"),
            request(good, f"Content-Type: multipart/form-data; boundary={'y' * 300}\r\n"),
            request(good.replace(b'name="image"', b'name="other"')),
            request(form(encoded(), fields=field("camera", "[" * 50_000))),
            request(form(encoded(), fields=field("camera", '{"fx": 1e999}'))),
            request(form(encoded(), fields=field("fov", "1e400"))),
            request(form(encoded(), fields=field("format", "../png"))),
            request(form(encoded(), fields="".join(field(f"f{i}", "1") for i in range(1500)))),
            request(b"", length=0),
            request(good, "Content-Length: -5\r\n"),
            request(good, "Transfer-Encoding: chunked\r\n", length=5),
            b"POST /v1/depth HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + bytes(200),
            b"BREW /v1/depth HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ]
    )


def too_long(draw: Draw) -> bytes:
    return request(form(b"")[:80], length=draw.choice([10**8, 10**12]))


def slow(draw: Draw) -> bytes:
    """The rest does not come."""
    return request(form(encoded())[: draw.randint(0, 200)], length=4000)


ATTACKS: list[Attack] = [
    truncated, bomb, bomb_of_passes, noise, wrong_type, path_trick, path_in_address, huge_headers, malformed,
    too_long, slow,
]  # fmt: skip


def answer(port: int, message: bytes) -> tuple[int, float]:
    """Status and seconds; 0 where the connection ends without an answer."""
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        with suppress(OSError):  # it may be refused before all of it came
            connection.sendall(message)
        try:
            got = connection.recv(4096)
        except OSError:
            got = b""
    status = int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/1.1 ") else 0
    return status, time.monotonic() - begin


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serving(patience_seconds=PATIENCE) as served, listening(served.app, served.limits) as place:
        yield place


def refused(port: int, each: int, at_once: int) -> None:
    attacks = [(attack, seed) for attack in ATTACKS for seed in range(each)]

    def run(one: tuple[Attack, int]) -> tuple[str, int, int, float]:
        attack, seed = one
        return attack.__name__, seed, *answer(port, attack(random.Random(seed)))

    with ThreadPoolExecutor(at_once) as pool:
        found = list(pool.map(run, attacks))
    assert [one for one in found if not (400 <= one[2] < 500 and one[3] < 2)] == []
    assert answer(port, request(form(encoded())))[0] == 200


def test_each_kind_is_refused(port):
    refused(port, each=2, at_once=8)


@pytest.mark.slow
def test_three_hundred_are_refused(port):
    refused(port, each=28, at_once=8)


def test_a_body_that_drips_is_refused(port):
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request(form(encoded())[:100], length=4000))
        connection.settimeout(0.1)
        got = b""
        while time.monotonic() - begin < 4 and not got:
            try:
                connection.sendall(b"a")
                got = connection.recv(100)
            except TimeoutError:
                continue
    assert got.startswith(b"HTTP/1.1 408") and time.monotonic() - begin < 2

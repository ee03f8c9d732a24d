"""Does the endpoint hold up: eight clients at once against one, on this machine's loopback.

    python benchmarks/serve_load.py OUT.json [--weights shipped] [--seconds 60] [--clients 8]

One client first, then all of them; each asks again as soon as it has its depth. Told are answers a second,
the median and the 99 % quantile of their times, the errors, images per batch, and the server's memory.
"""

import argparse
import http.client
import json
import multiprocessing
import re
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from acdepth.inference import load
from acdepth.serve.batching import Batcher
from acdepth.serve.counts import Counts
from acdepth.serve.endpoint import make_endpoint
from acdepth.serve.guard import Guard
from acdepth.serve.limits import Limits
from acdepth.serve.models import Models
from acdepth.serve.server import open_server

IMAGE_SIZE = (192, 320)
PAGE = 4096


def serve(weights: str, port: "multiprocessing.Queue[int]") -> None:
    limits, counts = Limits(), Counts()
    models = Models({"model": load(weights, "cpu")})
    with Batcher(limits) as batcher:
        app = Guard(make_endpoint(models, batcher, limits, counts), "127.0.0.1", "", limits, counts)
        server, place = open_server(app, "127.0.0.1", 0, limits)
        place.listen()  # so that whoever is told the port can connect at once
        port.put(place.getsockname()[1])
        server.run([place])


def body(seed: int) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 255, (12, 20, 3), np.uint8)
    _, jpeg = cv2.imencode(".jpg", cv2.resize(noise, IMAGE_SIZE[::-1], interpolation=cv2.INTER_CUBIC))
    head = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    return head + jpeg.tobytes() + b"\r\n--x--\r\n"


def client(port: int, seed: int, until: float, times: list[float], errors: list[str]) -> None:
    sent, headers = body(seed), {"Content-Type": "multipart/form-data; boundary=x"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while time.monotonic() < until:
        begin = time.monotonic()
        try:
            connection.request("POST", "/v1/depth", sent, headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200 or content[:4] != b"\x89PNG":
                errors.append(f"{answer.status} {content[:80]!r}")
        except OSError as error:
            errors.append(repr(error))
            connection.close()
        times.append(time.monotonic() - begin)


def run(port: int, process: int, clients: int, seconds: float) -> dict[str, object]:
    times: list[float] = []
    errors: list[str] = []
    memory: list[float] = []
    before = batches(port)
    begin = time.monotonic()
    threads = [
        threading.Thread(target=client, args=(port, seed, begin + seconds, times, errors))
        for seed in range(clients)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        memory.append(int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE / 1e6)
        time.sleep(1)
    took = time.monotonic() - begin
    done = [now - then for now, then in zip(batches(port), before, strict=True)]
    return {
        "clients": clients,
        "answers a second": len(times) / took,
        "median": float(np.median(times)),
        "99 %": float(np.quantile(times, 0.99)),
        "answers": len(times),
        "errors": errors[:5],
        "images per batch": done[1] / max(done[0], 1),
        "memory at a tenth, at the end [MB]": [memory[len(memory) // 10], memory[-1]],
    }


def batches(port: int) -> tuple[float, float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    found = [
        re.search(rf"^acdepth_{name}_total (\S+)$", text, re.MULTILINE) for name in ("batches", "images")
    ]
    return tuple(float(one[1]) for one in found if one)  # pyright: ignore


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--weights", default="shipped")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=8)
    asked = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    told = spawn.Queue()
    process = spawn.Process(target=serve, args=(asked.weights, told), daemon=True)
    process.start()
    port, number = told.get(timeout=300), process.pid
    assert number is not None
    run(port, number, 1, 3.0)  # the first answers are slower
    found = [run(port, number, 1, asked.seconds / 3), run(port, number, asked.clients, asked.seconds)]
    content = {"threads": torch.get_num_threads(), "image_size": IMAGE_SIZE, "runs": found}
    asked.out.write_text(json.dumps(content, indent=1))
    print(json.dumps(content, indent=1))
    process.terminate()


if __name__ == "__main__":
    main()

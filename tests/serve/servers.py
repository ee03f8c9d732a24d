"""A server of tiny models, as a program meets it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from acdepth.core.images import read_depth_png16
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.metres import in_metres
from acdepth.serve.batching import Batcher
from acdepth.serve.counts import Counts
from acdepth.serve.endpoint import make_endpoint
from acdepth.serve.guard import Guard
from acdepth.serve.limits import Limits
from acdepth.serve.models import Models
from acdepth.serve.server import open_server
from tests.inference.tiny import picture, tiny_card, tiny_network


class Served(NamedTuple):
    client: TestClient
    batcher: Batcher
    models: Models
    app: ASGIApp
    limits: Limits


def tiny_models() -> Models:
    def network(seed: int) -> DepthNet:
        tiny = tiny_network(seed)
        made = DepthNet(in_metres(tiny.config, 20.0))  # some metres, not centimetres
        made.load_state_dict(tiny.state_dict())
        return made

    made = {"first": tiny_card(), "second": tiny_card(metric=False)}
    return Models(
        {
            name: Predictor(model_of(network(seed), card, torch.device("cpu"), name=name))
            for seed, (name, card) in enumerate(made.items())
        }
    )


@contextmanager
def serving(host: str = "127.0.0.1", token: str = "", **limits: object) -> Iterator[Served]:
    bounds, models, counts = Limits.model_validate(limits), tiny_models(), Counts()
    with Batcher(bounds) as batcher:
        app = Guard(make_endpoint(models, batcher, bounds, counts), host, token, bounds, counts)
        client = TestClient(app, "http://127.0.0.1:7860", follow_redirects=False)
        yield Served(client, batcher, models, app, bounds)


def encoded(pixels: np.ndarray | None = None, suffix: str = ".png") -> bytes:
    pixels = picture(64, 96) if pixels is None else pixels
    done, content = cv2.imencode(suffix, pixels[..., ::-1] if pixels.ndim == 3 else pixels)
    assert done
    return content.tobytes()


def read_png(content: bytes, path: Path) -> np.ndarray:
    path.write_bytes(content)
    return read_depth_png16(path)


@contextmanager
def listening(app: ASGIApp, limits: Limits) -> Iterator[int]:
    """An app at a port of this machine, as uvicorn runs it."""
    server, place = open_server(app, "127.0.0.1", 0, limits)
    thread = threading.Thread(target=server.run, args=([place],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield place.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)

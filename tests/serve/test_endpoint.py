"""The endpoint as a program asks it: depth in three formats, and a clear 4xx for what it does not take."""

import io
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.inference.tiny import CAMERA, picture
from tests.serve.servers import Served, encoded, read_png, serving


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(megapixels=0.05) as one:
        yield one


def ask(served: Served, content: bytes | None = None, **form: object):
    files = {"image": ("street.png", encoded() if content is None else content, "image/png")}
    return served.client.post("/v1/depth", files=files, data={k: str(v) for k, v in form.items()})


def test_three_formats_say_the_same_depth_as_the_predictor(served, tmp_path: Path):
    expected = served.models.find("first")(picture(64, 96)).depth
    png, npy, told = (ask(served, format=kind) for kind in ("png16", "npy", "json"))
    assert (png.status_code, npy.status_code, told.status_code) == (200, 200, 200)
    np.testing.assert_allclose(np.load(io.BytesIO(npy.content)), expected, rtol=1e-5)
    np.testing.assert_allclose(told.json()["depth"], expected, atol=6e-4)
    np.testing.assert_allclose(read_png(png.content, tmp_path / "depth.png"), expected, atol=1 / 256)
    assert told.json()["metric"] is True and "training" in told.headers["x-depth-scale"]


def test_the_camera_changes_metres_and_the_model_can_be_chosen(served):
    plain = np.load(io.BytesIO(ask(served, format="npy").content))
    longer = json.dumps({**CAMERA.to_dict(), "fx": 2 * CAMERA.fx, "fy": 2 * CAMERA.fy})
    twice = np.load(io.BytesIO(ask(served, format="npy", camera=longer).content))
    np.testing.assert_allclose(twice, 2 * plain, rtol=1e-5)
    wide = np.load(io.BytesIO(ask(served, format="npy", fov=90).content))
    np.testing.assert_allclose(wide, 48 / CAMERA.fx * plain, rtol=1e-5)
    other = ask(served, format="json", model="second").json()
    assert other["metric"] is False


def test_models_are_told_without_their_places(served):
    models = served.client.get("/v1/models").json()
    assert [(one["name"], one["metric"], one["confidence"]) for one in models] == [
        ("first", True, "scales"), ("second", False, "scales")
    ]  # fmt: skip
    assert "path" not in json.dumps(models) and models[0]["description"] == "untrained, for tests"


def test_metrics_count_routes_and_statuses(served):
    ask(served)
    ask(served, b"nothing")
    text = served.client.get("/metrics").text
    numbers = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(numbers['acdepth_requests_total{route="/v1/depth",status="200"}']) >= 1
    assert float(numbers['acdepth_requests_total{route="/v1/depth",status="415"}']) >= 1
    assert numbers['acdepth_depth_seconds_bucket{le="+Inf"}'] == numbers["acdepth_depth_seconds_count"]
    assert float(numbers["acdepth_images_total"]) >= 1 and numbers["acdepth_waiting"] == "0"
    assert served.client.get("/healthz").json() == {"status": "ok"}
    assert served.client.get("/openapi.json").json()["paths"].keys() >= {"/v1/depth", "/v1/models"}


def test_an_upload_is_refused_before_it_is_decoded(served):
    cases = {
        "empty": (b"", 422, "the image is empty"),
        "text": (b"<svg></svg>", 415, "send a JPEG, PNG, WebP or BMP"),
        "large": (encoded(np.zeros((300, 300), np.uint8)), 413, "300x300 pixels"),
        "16 bit": (encoded(np.zeros((64, 96), np.uint16)), 422, "16 bits per channel"),
        "cut": (encoded(suffix=".jpg")[:-60], 422, "the JPEG ends too early"),
    }
    for name, (content, status, words) in cases.items():
        answer = ask(served, content)
        assert (answer.status_code, words in answer.json()["error"]) == (status, True), (name, answer.text)


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"model": "../../etc/passwd"}, 404, "there are first, second"),
        ({"format": "exe"}, 422, "format"),
        ({"camera": "{"}, 422, "not readable as JSON"),
        ({"camera": "[" * 5000}, 422, "not readable as JSON"),
        ({"camera": '{"fx": 1}'}, 422, "missing fy"),
        ({"camera": json.dumps({**CAMERA.to_dict(), "width": 500})}, 422, "500x64"),
        ({"fov": 400}, 422, "degrees across"),
        ({"fov": "nan"}, 422, "degrees across"),
        ({"fov": 60, "camera": "{}"}, 422, "say the same"),
    ],
)
def test_what_is_asked_wrongly_is_told(served, form, status, words):
    answer = ask(served, **form)
    assert answer.status_code == status and words in answer.json()["error"], answer.text


def test_a_form_without_an_image_is_told(served):
    answer = served.client.post("/v1/depth", data={"format": "npy"})
    assert answer.status_code == 422 and answer.json()["error"].startswith("image: ")


def test_too_many_bytes_are_refused_by_what_is_said_and_by_what_comes():
    with serving(megabytes=0.001, video_megabytes=0.001) as served:
        assert ask(served, bytes(20_000)).status_code == 413
        assert ask(served, bytes(5_000)).status_code == 413  # of the image, within a body that is let pass

        def pieces() -> Iterator[bytes]:
            for _ in range(100):
                yield bytes(1000)

        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        assert served.client.post("/v1/depth", content=pieces(), headers=headers).status_code in (400, 413)


def test_a_token_is_asked_for_and_kept_in_a_cookie():
    with serving(token="hidden") as served:
        assert served.client.get("/v1/models").status_code == 401
        assert served.client.get("/healthz").status_code == 200
        for right, status in (("hidden", 200), ("wrong", 401), ("", 401)):
            asked = served.client.get("/v1/models", headers={"Authorization": f"Bearer {right}"})
            assert asked.status_code == status
        first = served.client.get("http://127.0.0.1:7860//other.site/v1/models?token=hidden&a=b")
        assert first.status_code == 303 and first.headers["location"] == "/other.site/v1/models?a=b"
        assert "HttpOnly" in first.headers["set-cookie"]
        served.client.cookies.set("acdepth_token", "hidden")
        assert served.client.get("/v1/models").status_code == 200


def test_another_sites_name_is_refused_on_loopback(served):
    for host, status in (("127.0.0.1:7860", 200), ("localhost", 200), ("evil.example", 403), ("a b", 403)):
        assert served.client.get("/healthz", headers={"Host": host}).status_code == status


def test_requests_at_once_share_batches_and_get_their_own_answers():
    with serving(gather_ms=300) as served:
        images = [picture(64, 96, seed) for seed in range(6)]
        expected = [served.models.find("first")(image).depth for image in images]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda image: ask(served, encoded(image), format="npy"), images))
        for answer, depth in zip(answers, expected, strict=True):
            np.testing.assert_allclose(np.load(io.BytesIO(answer.content)), depth, rtol=1e-4)
        assert served.batcher.images == 6 and served.batcher.batches < 6


def test_a_full_queue_and_a_long_wait_are_told(monkeypatch):
    with serving(waiting=1, at_once=1, answer_seconds=0.2) as served:
        begun, go = threading.Event(), threading.Event()
        predictor = served.models.find("first")
        answer = predictor.predict_batch

        def late(*arguments, **options):
            begun.set()
            go.wait(5)
            return answer(*arguments, **options)

        monkeypatch.setattr(predictor, "predict_batch", late)
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(ask, served)
            begun.wait(5)
            waiting = served.batcher.submit(predictor, picture(64, 96))
            refused = ask(served)
            assert refused.status_code == 429 and refused.headers["retry-after"] == "1"
            assert first.result().status_code == 503
            go.set()
        assert waiting.result(5).depth.shape == (64, 96)
        assert ask(served).status_code == 200


def test_one_image_that_cannot_be_answered_does_not_take_its_batch_along(monkeypatch):
    with serving(gather_ms=300) as served:
        predictor = served.models.find("first")
        gray, good = np.full((64, 96, 3), 128, np.uint8), picture(64, 96)
        answer = predictor.predict_batch

        def picky(images, *arguments, **options):
            if any(image.std() == 0 for image in images):
                from acdepth.core.errors import UserError

                raise UserError(None, "gray")
            return answer(images, *arguments, **options)

        monkeypatch.setattr(predictor, "predict_batch", picky)
        with ThreadPoolExecutor(3) as pool:
            statuses = list(
                pool.map(lambda image: ask(served, encoded(image)).status_code, [good, gray, good])
            )
        assert statuses == [200, 422, 200]


def test_a_server_that_waits_ends_at_once():
    begin = time.monotonic()
    with serving():
        pass
    assert time.monotonic() - begin < 5

"""To the hub and back through huggingface_hub's own client, by a stand-in on this machine."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HfHubHTTPError

import acdepth
from acdepth.core.errors import UserError
from acdepth.inference.predictor import Predictor
from tests.inference.hub_standin import Hub, hub_standin
from tests.inference.tiny import picture, tiny_checkpoint

LICENCES = {"licence": "apache-2.0", "data_licence": "the built-in world"}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with hub_standin(monkeypatch, tmp_path / "cache") as hub:
        yield hub


def opened(path: Path, **changes: object) -> Predictor:
    return acdepth.load(tiny_checkpoint(path / "model.safetensors", **changes), device="cpu")


def test_what_is_pushed_is_pulled_and_says_the_same(hub: Hub, tmp_path: Path, monkeypatch) -> None:
    predictor = opened(tmp_path)
    address = predictor.push_to_hub("me/net", private=True, **LICENCES)
    assert address.endswith(f"me/net/commit/{hub.commit_id('me/net', 0)}") and hub.private["me/net"]
    assert set(hub.commits["me/net"][0]) == {
        "README.md",
        "config.json",
        "model.safetensors",
        "preprocessor_config.json",
    }
    hub.commits["me/net"][0] |= {"evil.py": b"exit()", "pytorch_model.bin": b"\x80\x04."}
    pulled = acdepth.load("me/net", device="cpu")
    wanted = predictor(picture()).depth
    assert np.array_equal(pulled(picture()).depth, wanted)
    assert hub.fetched == {"config.json", "model.safetensors", "preprocessor_config.json"}

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert np.array_equal(acdepth.load("me/net", device="cpu")(picture()).depth, wanted)
    with pytest.raises(UserError, match="me/other: no such folder, and not available from") as refused:
        acdepth.load("me/other")
    assert "\n" not in str(refused.value)
    with pytest.raises(UserError, match="the hub did not take it") as refused:
        predictor.push_to_hub("me/net", **LICENCES)
    assert "\n" not in str(refused.value)


def test_a_hub_that_takes_the_call_and_is_silent_is_not_waited_for(hub: Hub, tmp_path, monkeypatch) -> None:
    opened(tmp_path).push_to_hub("me/net", **LICENCES)
    wanted = acdepth.load("me/net", device="cpu")(picture()).depth
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr("acdepth.core.hub.PATIENCE", 0.2)
        with pytest.raises(UserError, match="me/other: no such folder, and not available from"):
            acdepth.load("me/other")
        assert np.array_equal(acdepth.load("me/net", device="cpu")(picture()).depth, wanted)


def test_what_is_here_opens_whatever_the_hub_answers(hub: Hub, tmp_path: Path, monkeypatch) -> None:
    opened(tmp_path).push_to_hub("me/net", **LICENCES)
    wanted = acdepth.load("me/net", device="cpu")(picture()).depth

    def refused(*_: object, **__: object) -> None:
        raise HfHubHTTPError("503", response=httpx.Response(503, request=httpx.Request("GET", "http://hub")))

    monkeypatch.setattr(HfApi, "model_info", refused)
    assert np.array_equal(acdepth.load("me/net", device="cpu")(picture()).depth, wanted)
    with pytest.raises(UserError, match="me/other: no such folder, and not available from"):
        acdepth.load("me/other")


def test_a_revision_is_that_of_the_repository(hub: Hub, tmp_path: Path) -> None:
    for told in ("first", "second"):
        opened(tmp_path, description=told).push_to_hub("me/net", **LICENCES)
    first = hub.commit_id("me/net", 0)
    assert Predictor.from_pretrained("me/net", device="cpu").model.description == "second"
    assert Predictor.from_pretrained("me/net", revision=first, device="cpu").model.description == "first"
    assert acdepth.load(f"hf:me/net@{first}", device="cpu").model.description == "first"
    with pytest.raises(UserError, match="me/net@v7: no such folder, and not available from the Hugging Face"):
        Predictor.from_pretrained("me/net", revision="v7")


def test_results_of_earlier_weights_go(hub: Hub, tmp_path: Path) -> None:
    opened(tmp_path).push_to_hub("me/net", **LICENCES)
    hub.commits["me/net"][0][".eval_results/acdepth.yaml"] = b"[]"
    opened(tmp_path, description="newer").push_to_hub("me/net", **LICENCES)
    assert ".eval_results/acdepth.yaml" not in hub.commits["me/net"][-1]


def test_nothing_is_published_without_its_licences(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="me/net: is not published without its licences"):
        opened(tmp_path).push_to_hub("me/net", licence="apache-2.0", data_licence="")
    assert not hub.commits


def test_a_name_that_is_none_is_refused_before_anything_is_sent(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no name of the hub; give OWNER/MODEL"):
        opened(tmp_path).push_to_hub("net", **LICENCES)
    assert not hub.commits

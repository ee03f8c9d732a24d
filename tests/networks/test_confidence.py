"""Confidence from disagreement, and the head that is stored beside a network."""

import json
import math

import pytest
import torch
from torch.nn import functional as F

from acdepth.core.errors import UserError
from acdepth.networks.checkpoint import (
    CARD_KEY,
    CheckpointCard,
    load_checkpoint,
    load_confidence_head,
    load_tensors,
    save_checkpoint,
    save_tensors,
)
from acdepth.networks.confidence import (
    LEAST_LOG,
    MOST_LOG,
    SMOOTHING,
    START,
    ConfidenceHead,
    ConfidenceHeadConfig,
    confidence_of,
    disagreement,
    smoothed,
)
from acdepth.networks.depth_net import DepthNet, DepthNetConfig

CONFIG = DepthNetConfig(width=8)
CARD = CheckpointCard(network=CONFIG, input_size=(64, 96))
IMAGE = torch.linspace(0, 1, 3 * 64 * 96).view(1, 3, 64, 96)


@pytest.fixture
def network() -> DepthNet:
    torch.manual_seed(0)
    return DepthNet(CONFIG).eval()


@pytest.fixture
def head() -> ConfidenceHead:
    torch.manual_seed(1)
    return ConfidenceHead(ConfidenceHeadConfig(), CONFIG).eval()


def test_confidence_falls_with_the_error_and_is_the_ratio_of_depths():
    error = torch.linspace(0, 5, 100)
    assert (confidence_of(error).diff() < 0).all()
    values = confidence_of(torch.tensor([0.0, math.log(2), math.log(1.25), 100.0]))
    torch.testing.assert_close(values, torch.tensor([1.0, 0.5, 0.8, 0.0]))


def test_smoothing_is_a_weighted_mean_of_the_neighbourhood():
    values = torch.rand(2, 1, 9, 13)
    sigma, reach = 1.5, 3
    padded = F.pad(values, (reach,) * 4, mode="replicate")
    weights = torch.tensor([math.exp(-(k**2) / (2 * sigma**2)) for k in range(-reach, reach + 1)])
    kernel = torch.outer(weights, weights) / weights.sum() ** 2
    slow = torch.empty_like(values)
    for row in range(9):
        for column in range(13):
            window = padded[:, 0, row : row + 7, column : column + 7]
            slow[:, 0, row, column] = (window * kernel).sum((1, 2))
    torch.testing.assert_close(smoothed(values, sigma), slow)
    torch.testing.assert_close(smoothed(torch.full((1, 1, 4, 40), 3.0), 10.0), torch.full((1, 1, 4, 40), 3.0))


def test_disagreement_is_the_smoothed_log_of_the_largest_over_the_smallest():
    scales = [
        torch.full((1, 1, 32 // 2**level, 64 // 2**level), value)
        for level, value in enumerate([4.0, 2, 8, 4])
    ]
    torch.testing.assert_close(disagreement(scales), torch.full((1, 1, 32, 64), math.log(4)))
    mirrored = torch.full((1, 1, 32, 64), 1.0)
    torch.testing.assert_close(disagreement([*scales, mirrored]), torch.full((1, 1, 32, 64), math.log(8)))
    mirrored[..., 32:] = 4.0
    half = disagreement([*scales, mirrored])[0, 0, 0]
    edge = SMOOTHING * 64
    assert half[: int(32 - 2 * edge)].mean() == pytest.approx(math.log(8), rel=1e-5)
    assert half[int(33 + 2 * edge) :].mean() == pytest.approx(math.log(4), rel=1e-5)
    assert (half.diff() <= 1e-6).all()


def test_an_untrained_head_expects_about_a_tenth_within_its_range(network, head):
    with torch.no_grad():
        found = head(IMAGE, network(IMAGE))
    assert found.shape == (1, 1, 64, 96)
    assert found.exp().mean() == pytest.approx(START, rel=0.3)
    with torch.no_grad():
        head.answer.bias.fill_(1e3)
        assert head(IMAGE, network(IMAGE)).max() == pytest.approx(MOST_LOG)
        head.answer.bias.fill_(-1e3)
        assert head(IMAGE, network(IMAGE)).min() == pytest.approx(LEAST_LOG)


def test_a_head_comes_back_beside_its_network(network, head, tmp_path):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, network, CARD, head=head)
    (loaded, card), again = load_checkpoint(path), load_confidence_head(path)
    assert card.confidence == head.config and again is not None and not again.training
    with torch.no_grad():
        assert torch.equal(again(IMAGE, loaded(IMAGE)), head(IMAGE, network(IMAGE)))


def test_checkpoints_from_before_there_were_heads_load(network, tmp_path):
    path = tmp_path / "model.safetensors"
    card = CARD.to_dict()
    del card["confidence"]
    save_tensors(path, network.state_dict(), {CARD_KEY: json.dumps(card)}, half=False)
    loaded, read = load_checkpoint(path)
    assert read == CARD and load_confidence_head(path) is None
    assert torch.equal(loaded(IMAGE).inverse_depths[0], network(IMAGE).inverse_depths[0])


def test_a_network_trained_on_from_one_with_a_head_has_none(network, head, tmp_path):
    save_checkpoint(tmp_path / "first.safetensors", network, CARD, head=head)
    trained_on, card = load_checkpoint(tmp_path / "first.safetensors")
    save_checkpoint(tmp_path / "second.safetensors", trained_on, card)
    assert load_checkpoint(tmp_path / "second.safetensors")[1].confidence is None
    assert load_confidence_head(tmp_path / "second.safetensors") is None


def test_a_head_that_is_not_whole_is_named(network, head, tmp_path):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, network, CARD, head=head)
    tensors, metadata = load_tensors(path)
    del tensors["confidence.answer.bias"]
    save_tensors(path, tensors, metadata, half=False)
    load_checkpoint(path)
    with pytest.raises(UserError, match=r"confidence head: the weight answer\.bias is missing"):
        load_confidence_head(path)

"""The average of what learns: what it is after some steps, and what it leaves behind."""

import pytest
import torch
from torch import nn

from acdepth.engine.average import WeightAverage


def learner(value: float = 0.0) -> nn.Linear:
    layer = nn.Linear(1, 1, bias=False)
    layer.weight.data.fill_(value)
    return layer


def averaged(average: WeightAverage, layer: nn.Linear) -> float:
    with average.in_place():
        return float(layer.weight.detach())


def test_it_follows_slowly_once_there_are_steps_enough():
    layer = learner()
    average = WeightAverage(dict(layer.named_parameters()), momentum=0.5, warm_up=9)
    layer.weight.data.fill_(1.0)
    average.follow()
    assert abs(averaged(average, layer) - 0.9) < 1e-6, "the beginning is forgotten quickly"
    average.count.fill_(1000)
    layer.weight.data.fill_(2.0)
    average.follow()
    assert abs(averaged(average, layer) - (0.9 + 2.0) / 2) < 1e-6


def test_the_parameters_come_back_also_after_an_error():
    layer = learner(3.0)
    average = WeightAverage(dict(layer.named_parameters()), momentum=0.9)
    layer.weight.data.fill_(5.0)
    with pytest.raises(RuntimeError), average.in_place():
        assert float(layer.weight.detach()) == 3.0
        raise RuntimeError
    assert float(layer.weight.detach()) == 5.0


def test_it_owns_buffers_alone_and_a_state_brings_it_back():
    layer = nn.Sequential(learner(1.0), learner(2.0))
    average = WeightAverage(dict(layer.named_parameters()), momentum=0.9)
    assert not list(average.parameters())
    layer[0].weight.data.fill_(7.0)
    average.follow()
    other = WeightAverage(dict(layer.named_parameters()), momentum=0.9)
    other.load_state_dict(average.state_dict())
    with average.in_place():
        first = [parameter.detach().clone() for parameter in layer.parameters()]
    with other.in_place():
        assert all(torch.equal(a, b) for a, b in zip(first, layer.parameters(), strict=True))

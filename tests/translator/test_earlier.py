"""Earlier translations: kept by condition, shown again, and part of a run's state."""

import torch

from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.translator.earlier import EarlierImages
from tests.translator.tiny import FOG, NIGHT, indices


def even(*values: float) -> torch.Tensor:
    """(B, 3, 4, 6) images of one value each, which 8 bits hold exactly."""
    return torch.tensor(values).view(-1, 1, 1, 1).expand(-1, 3, 4, 6).clone()


def values(images: torch.Tensor) -> list[float]:
    return [round(float(image.mean()), 4) for image in images]


def test_while_there_is_room_all_are_shown_as_they_are():
    kept, made = EarlierImages(2, (4, 6)), even(-1, 0.2, 1)
    assert torch.equal(kept.exchange(made, indices(NIGHT, FOG, NIGHT), make_generator(0)), made)
    assert kept.counts[Condition.NIGHT.index] == 2 and kept.counts[Condition.FOG.index] == 1


def test_afterwards_half_are_earlier_ones_of_their_condition_and_leave_their_place():
    kept = EarlierImages(1, (4, 6))
    kept.exchange(even(-1, 1), indices(NIGHT, FOG), make_generator(0))
    swapped = 0
    for step in range(200):
        before = kept.images.clone()
        shown = kept.exchange(even(0.2, 0.2), indices(NIGHT, FOG), make_generator(1, step))
        for row, condition in enumerate((Condition.NIGHT, Condition.FOG)):
            earlier = before[condition.index, 0].float() / 127.5 - 1
            if torch.equal(kept.images[condition.index], before[condition.index]):
                assert torch.equal(shown[row], even(0.2)[0]) or torch.allclose(shown[row], earlier)
            else:
                swapped += 1
                assert torch.allclose(shown[row], earlier)
        if step == 0 or swapped:
            kept.images[Condition.NIGHT.index], kept.images[Condition.FOG.index] = 0, 255
    assert 160 < swapped < 240


def test_the_draws_are_the_generators_and_the_state_is_whole():
    one, other = EarlierImages(3, (4, 6)), EarlierImages(3, (4, 6))
    for step in range(4):
        one.exchange(even(step / 10, -step / 10), indices(NIGHT, NIGHT), make_generator(step))
    other.load_state_dict(one.state_dict())
    made, condition = even(0.9, -0.9), indices(NIGHT, NIGHT)
    first, second = (kept.exchange(made, condition, make_generator(9)) for kept in (one, other))
    assert torch.equal(first, second) and torch.equal(one.images, other.images)

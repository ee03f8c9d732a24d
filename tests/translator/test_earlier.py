"""Earlier translations: kept by condition, shown again, and part of a run's state."""

import torch

from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.translator.discriminator import EarlierImages
from tests.translator.tiny import FOG, NIGHT, indices

CONDITIONS = (Condition.NIGHT, Condition.FOG)


def even(*values: int) -> torch.Tensor:
    """(B, 3, 4, 6) images of one 8-bit value each."""
    return (torch.tensor(values) / 127.5 - 1).view(-1, 1, 1, 1).expand(-1, 3, 4, 6).clone()


def values(images: torch.Tensor) -> list[int]:
    return [round(float((image.mean() + 1) * 127.5)) for image in images]


def test_while_there_is_room_all_are_kept_and_shown_as_they_are():
    kept, made = EarlierImages(CONDITIONS, 2, (4, 6)), even(0, 20, 255)
    assert torch.equal(kept.exchange(made, indices(NIGHT, FOG, NIGHT), make_generator(0)), made)
    assert kept.counts.tolist() == [2, 1]
    assert [int(image.max()) for image in kept.images] == [0, 255, 20, 0]


def test_afterwards_half_are_earlier_ones_of_their_condition_and_leave_their_place():
    kept, swapped = EarlierImages(CONDITIONS, 1, (4, 6)), 0
    kept.exchange(even(10, 200), indices(NIGHT, FOG), make_generator(0))
    stored = [10, 200]
    for step in range(200):
        new = [20 + step % 50, 150 + step % 50]
        shown = values(kept.exchange(even(*new), indices(NIGHT, FOG), make_generator(1, step)))
        now = [int(image.max()) for image in kept.images]
        for row in range(2):
            stayed = (new[row], stored[row])
            changed_places = (stored[row], new[row])
            assert (shown[row], now[row]) in (stayed, changed_places)
            swapped += (shown[row], now[row]) == changed_places != stayed
        stored = now
    assert 160 < swapped < 240


def test_the_draws_are_the_generators_and_the_state_is_whole():
    one, other = EarlierImages(CONDITIONS, 3, (4, 6)), EarlierImages(CONDITIONS, 3, (4, 6))
    for step in range(4):
        one.exchange(even(step, 9 - step), indices(NIGHT, NIGHT), make_generator(step))
    other.load_state_dict(one.state_dict())
    made, condition = even(100, 110), indices(NIGHT, NIGHT)
    first, second = (kept.exchange(made, condition, make_generator(9)) for kept in (one, other))
    assert torch.equal(first, second) and torch.equal(one.images, other.images)

"""Agreement of opinions, by hand-made cases."""

import torch

from acdepth.core.seeding import make_generator
from acdepth.engine import masked_mean
from acdepth.student.adapt.validation import order_agreement, random_pairs
from acdepth.student.losses import log_difference
from acdepth.student.ordinal import Pairs, agreed_labels, order_labels
from acdepth.student.settings import OrdinalOptions
from acdepth.student.task import mean_ranking

# Four pixels: the prior has them in falling order of nearness, the first two nearly alike.
PRIOR = torch.tensor([[1.05, 1.0, 0.5, 0.2]])
PAIRS = Pairs(torch.tensor([[0, 0, 1, 2]]), torch.tensor([[1, 2, 3, 3]]))


def labels() -> torch.Tensor:
    return order_labels(PRIOR.gather(1, PAIRS.a), PRIOR.gather(1, PAIRS.b), 0.15)


def image(*inverse_depth: float) -> torch.Tensor:
    return torch.tensor(inverse_depth, dtype=torch.float32).view(1, 1, 1, 4)


def test_a_pair_is_kept_where_both_order_it_alike():
    assert labels().tolist() == [[0, -1, -1, -1]]  # b is farther; the first pair is within the margin
    # The witness has pixel 2 nearest, so it denies the pair (0, 2), and confirms the other two.
    witness = torch.tensor([[0.3, 0.2, 0.4, 0.1]])
    assert agreed_labels(labels(), witness, PAIRS).tolist() == [[0, 0, -1, -1]]


def test_agreement_is_the_part_of_the_ordered_pairs_that_all_confirm():
    same, denies_one, denies_another = image(4, 3, 2, 1), image(0.3, 0.2, 0.4, 0.1), image(3, 0.5, 2, 1)
    assert order_agreement([same], labels(), PAIRS).item() == 1
    assert order_agreement([same, denies_one], labels(), PAIRS).item() == torch.tensor(2 / 3)
    assert order_agreement([denies_one, denies_another], labels(), PAIRS).item() == torch.tensor(1 / 3)


def test_a_network_that_collapsed_agrees_with_nothing():
    flat = image(1, 1, 1, 1)
    assert order_agreement([flat, flat], labels(), PAIRS).item() == 0
    assert order_agreement([flat], torch.zeros_like(labels()), PAIRS).item() == 0


def test_ranking_with_a_witness_counts_agreed_pairs_alone():
    """The left half is far: a witness that says so changes nothing, one that denies it leaves no pair."""
    generator = make_generator(0)
    student = 0.1 + 0.2 * torch.rand(1, 1, 8, 8, generator=generator)
    prior = torch.ones(1, 1, 8, 8)
    prior[..., :4] = 0.5
    options = OrdinalOptions(rank_on="log_depth", window=1, local_part=1.0, global_part=1.0)

    def loss(witness: torch.Tensor | None) -> torch.Tensor:
        return mean_ranking(student, student * 1.01, prior, options, make_generator(1), witness)

    assert loss(None) > 0.1
    torch.testing.assert_close(loss(prior), loss(None))
    assert loss(1 / prior) == 0


def test_known_numbers():
    assert log_difference(torch.tensor(2.0), torch.tensor(4.0)).item() == torch.tensor(2.0).log()
    values, chosen = torch.tensor([1.0, 3.0, 100.0]), torch.tensor([True, True, False])
    assert masked_mean(values, chosen) == 2 and masked_mean(values, chosen & False) == 0


def test_pairs_are_pixels_of_the_image_and_differ_between_images():
    pairs = random_pairs(2, 12, 500, make_generator(0))
    assert pairs.a.shape == pairs.b.shape == (2, 500)
    assert set(pairs.a.flatten().tolist()) == set(range(12))
    assert not torch.equal(pairs.a[0], pairs.a[1]) and not torch.equal(pairs.a, pairs.b)

"""The judge of conditions: a small network that learns real images and is asked about translations.

It is no discriminator: it never sees a translation while it learns, and no translator was trained to please
it.
"""

from collections.abc import Callable, Mapping
from collections.abc import Sequence as Many
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from acdepth.core.condition import Condition
from acdepth.core.seeding import derive_seed, make_generator
from acdepth.translator.quality.colours import jitter
from acdepth.translator.quality.pictures import Pictures
from acdepth.translator.quality.settings import ClassifierSettings

GROUPS = 8
ASKED_AT_ONCE = 64
WARM_UP = 0.1
"""Part of the steps in which the learning rate rises."""

Real = Mapping[Condition, Pictures]


class ConditionNet(nn.Module):
    """Four halvings, the mean over the image, a score per condition."""

    def __init__(self, width: int, conditions: int) -> None:
        super().__init__()
        channels = (3, width, 2 * width, 3 * width, 4 * width)
        blocks = [
            nn.Sequential(
                nn.Conv2d(before, after, 3, stride=2, padding=1), nn.GroupNorm(GROUPS, after), nn.ReLU()
            )
            for before, after in pairwise(channels)
        ]
        self.body = nn.Sequential(*blocks)
        self.head = nn.Linear(channels[-1], conditions)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) in 0..1 -> (B, conditions)."""
        return self.head(self.body(image * 2 - 1).mean((2, 3)))


class Judge:
    """A trained classifier and the conditions it tells apart."""

    def __init__(self, network: ConditionNet, conditions: tuple[Condition, ...], side: int) -> None:
        self.network, self.conditions, self.side = network.eval(), conditions, side

    @torch.no_grad()
    def calls(self, pictures: Pictures, condition: Condition) -> np.ndarray:
        """(N,) 1 where it takes an image for ``condition``, else 0."""
        named = [
            self.network(shrink(image, self.side)).argmax(1) for image in pictures.batches(ASKED_AT_ONCE)
        ]
        return (torch.cat(named) == self.conditions.index(condition)).double().numpy()


class Panel:
    """Judges that vote."""

    def __init__(self, judges: Many[Judge]) -> None:
        self.judges = tuple(judges)

    def calls(self, pictures: Pictures, condition: Condition) -> np.ndarray:
        """(N,) part of the judges that take an image for ``condition``."""
        return np.mean([judge.calls(pictures, condition) for judge in self.judges], axis=0)


def split_drives(real: Real, every: int) -> tuple[dict[Condition, Pictures], dict[Condition, Pictures]]:
    """Real images to learn from, and those of every so manieth drive, but at least one, to ask about."""
    to_learn, held_out = {}, {}
    for condition, pictures in real.items():
        drives = np.unique(pictures.drives)
        asked = np.isin(pictures.drives, drives[min(every, len(drives)) - 1 :: every])
        to_learn[condition] = pictures[np.flatnonzero(~asked)]
        held_out[condition] = pictures[np.flatnonzero(asked)]
    return to_learn, held_out


def train_judge(
    real: Real,
    settings: ClassifierSettings,
    seed: int,
    jittered: bool,
    on_step: Callable[[], object] | None = None,
) -> Judge:
    """Train on the CPU, where a seed always gives the same judge.

    Args:
        real: images to learn from; conditions are drawn equally often, however many images they have.
        settings: size and length of the training.
        seed: of everything.
        jittered: whether colours and light are turned away at random. Without it, the colours alone give a
            condition away, and so does any translation that gets the colours right.
        on_step: called after each batch.
    """
    conditions = tuple(real)
    pools = [
        torch.cat([shrink(image, settings.side) for image in pictures.batches(ASKED_AT_ONCE)])
        for pictures in real.values()
    ]
    network = _new_network(settings.width, len(conditions), seed)
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=settings.steps + 1, pct_start=WARM_UP
    )
    for step in range(settings.steps):
        generator = make_generator(seed, "judge", step)
        image, label = _draw_batch(pools, settings.batch_size, generator)
        loss = F.cross_entropy(network(jitter(image, generator) if jittered else image), label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if on_step:
            on_step()
    return Judge(network, conditions, settings.side)


def shrink(image: Tensor, side: int) -> Tensor:
    """Images (B, 3, H, W) with the shorter side ``side`` [px]; averaging, so that nothing flickers."""
    height, width = image.shape[-2:]
    scale = side / min(height, width)
    size = (max(side, round(height * scale)), max(side, round(width * scale)))
    return F.interpolate(image, size, mode="bilinear", antialias=True, align_corners=False)


def _new_network(width: int, conditions: int, seed: int) -> ConditionNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "judge", "weights"))
        return ConditionNet(width, conditions)


def _draw_batch(pools: list[Tensor], size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Images mirrored at random, with the number of their pool."""
    labels = torch.randint(len(pools), (size,), generator=generator)
    places = torch.rand(size, generator=generator)
    drawn = [
        pools[label][int(place * len(pools[label]))]
        for label, place in zip(labels.tolist(), places.tolist(), strict=True)
    ]
    images = torch.stack(drawn)
    mirrored = torch.rand(size, 1, 1, 1, generator=generator) < 0.5
    return torch.where(mirrored, images.flip(-1), images), labels

"""The translator's training step: adversarial, cycle, identity and depth terms, played in turns."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor

from acdepth.core.batches import UnpairedBatch
from acdepth.core.condition import Condition
from acdepth.engine import Leftovers, TurnTask, Update
from acdepth.engine.average import WeightAverage
from acdepth.translator.discriminator import Discriminator, EarlierImages
from acdepth.translator.generator import Direction, Generator
from acdepth.translator.losses import (
    Adversary,
    adversarial_loss,
    colour_loss,
    depth_consistency_loss,
    perceptual_loss,
)
from acdepth.translator.perception import Perception, load_lpips
from acdepth.translator.settings import TranslatorConfig

Shown = dict[str, tuple[Tensor, Tensor]]
"""By the way that makes such images: real ones (B, 3, H, W) in -1..1, and their conditions (B,)."""


class TranslatorTask(TurnTask):
    """Generator against discriminator.

    The generator learns in three turns, there and back from a clear image, there and back from an adverse
    one, and standing still, whose gradients add up; then the discriminator learns on what the first two made.
    Without cycle terms it learns one way: there from a clear image, and standing still.
    """

    def __init__(
        self,
        config: TranslatorConfig,
        generator: Generator,
        discriminator: Discriminator,
        perception: Perception,
    ) -> None:
        super().__init__()
        self.config, self.generator, self.perception = config, generator, perception
        self.discriminator = discriminator
        # In a tuple, because a submodule would be saved with the generator.
        self.lpips = (load_lpips(),) if config.perceptual == "lpips" else ()
        self.rates = {"generator.skips.": config.skip_rate}
        turns = ("forth", *(("back",) if self.goes_back else ()), *(("identity",) if self._identity else ()))
        rate, times = config.discriminator_rate, config.discriminator_updates
        self.updates = (
            Update(turns, "generator."),
            Update(("discriminator",), "discriminator.", rate, times),
        )
        size = config.patch or config.image_size
        shown = (*((Condition.CLEAR,) if self.goes_back else ()), *config.conditions)
        earlier = config.earlier_translations
        self.earlier = EarlierImages(shown, earlier, size) if earlier else None
        # Batches of one step are one step of the average.
        momentum = config.averaging ** (1 / config.loop.accumulate)
        self.average = WeightAverage(generator.trained(), momentum, warm_up=9) if config.averaging else None

    @property
    def goes_back(self) -> bool:
        """Whether there is a way back to learn."""
        return self.config.cycle_weight > 0 or self.config.cycle_perceptual_weight > 0

    @property
    def _identity(self) -> bool:
        return self.config.identity_weight > 0 or self.config.identity_perceptual_weight > 0

    @contextmanager
    def as_saved(self) -> Iterator[Generator]:
        """The generator with the weights that count: the average where there is one."""
        with self.average.in_place() if self.average else nullcontext():
            yield self.generator

    def to_device(self, device: torch.device) -> None:
        """Move the frozen networks."""
        self.perception.to_device(device)
        for network in self.lpips:
            network.to(device)
        self.discriminator.to_device(device)

    def forward(
        self,
        batch: UnpairedBatch,
        generator: torch.Generator,
        progress: float,
        turn: str = "",
        leftovers: Leftovers | None = None,
    ) -> dict[str, Tensor]:
        """Weighted loss terms of one turn."""
        assert leftovers is not None
        clear, adverse = batch.clear * 2 - 1, batch.adverse * 2 - 1
        day = torch.full_like(batch.condition, Condition.CLEAR.index)
        if turn == "forth":
            if self.average:
                self.average.follow()
            return self._there_and_back(clear, day, batch.condition, "forth", leftovers)
        if turn == "back":
            return self._there_and_back(adverse, batch.condition, day, "back", leftovers)
        if turn == "identity":
            return self._standing_still(clear, adverse, day, batch.condition)
        shown: Shown = {"forth": (adverse, batch.condition), "back": (clear, day)}
        return self._tell_apart(shown, leftovers, generator)

    def _there_and_back(
        self, source: Tensor, own: Tensor, wanted: Tensor, way: Direction, leftovers: Leftovers
    ) -> dict[str, Tensor]:
        config = self.config
        made = self.generator(source, wanted, way)
        leftovers.tensors[way] = made.detach()
        # With bfloat16 and little data a translator easily settles for handing images through unchanged.
        leftovers.statistics[f"change_{way}"] = float((made.detach() - source).abs().mean()) / 2
        deceived = mean_adversarial(self.discriminator(made, wanted), True, config.adversary)
        terms = {f"adversarial_{way}": config.adversarial_weight * deceived}
        if self.goes_back:
            terms |= self._return(made, source, own, way)
        if config.content_weight > 0:
            terms[f"content_{way}"] = config.content_weight * self._perceptual(made, source)
        if config.depth_weight > 0 and way == "forth":
            with torch.no_grad():
                depth = self.perception.inverse_depth(source)
            kept = depth_consistency_loss(self.perception.inverse_depth(made), depth)
            terms["depth"] = config.depth_weight * kept.mean()
        return terms

    def _return(self, made: Tensor, source: Tensor, own: Tensor, way: Direction) -> dict[str, Tensor]:
        config = self.config
        back = self.generator(made, own, "back" if way == "forth" else "forth")
        terms = {f"cycle_{way}": config.cycle_weight * colour_loss(back, source).mean()}
        if config.cycle_perceptual_weight > 0:
            seen = self._perceptual(back, source)
            terms[f"cycle_perceptual_{way}"] = config.cycle_perceptual_weight * seen
        return terms

    def _standing_still(
        self, clear: Tensor, adverse: Tensor, day: Tensor, condition: Tensor
    ) -> dict[str, Tensor]:
        config = self.config
        still = [(adverse, self.generator(adverse, condition, "forth"))]
        if self.goes_back:
            still.insert(0, (clear, self.generator(clear, day, "back")))
        terms = {"identity": config.identity_weight * _total(colour_loss(b, a).mean() for a, b in still)}
        if config.identity_perceptual_weight > 0:
            seen = _total(self._perceptual(b, a) for a, b in still)
            terms["identity_perceptual"] = config.identity_perceptual_weight * seen
        return terms

    def _tell_apart(
        self, shown: Shown, leftovers: Leftovers, generator: torch.Generator
    ) -> dict[str, Tensor]:
        kind, real, fake = self.config.adversary, [], []
        for way, made in leftovers.tensors.items():
            images, condition = shown[way]
            if self.earlier:  # each of the discriminator's updates is shown another draw
                made = self.earlier.exchange(made, condition, generator)
            real.append(mean_adversarial(self.discriminator(images, condition), True, kind))
            fake.append(mean_adversarial(self.discriminator(made, condition), False, kind))
        terms = {"real": real, "fake": fake}
        return {f"discriminator_{name}": torch.stack(found).mean() for name, found in terms.items()}

    def _perceptual(self, image: Tensor, wanted: Tensor) -> Tensor:
        for network in self.lpips:
            return network(image, wanted).mean()
        with torch.no_grad():
            goal = self.perception.features(wanted)
        return perceptual_loss(self.perception.features(image), goal).mean()


def mean_adversarial(scores: Iterable[Tensor], real: bool, kind: Adversary) -> Tensor:
    """Mean over images and places, and over the discriminator's levels."""
    return torch.stack([adversarial_loss(level, real, kind).mean() for level in scores]).mean()


def _total(terms: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(terms)).sum()

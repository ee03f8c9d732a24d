"""The translator's training step: adversarial, cycle, identity and depth terms, played in turns."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor

from acdepth.core.batches import UnpairedBatch
from acdepth.core.condition import Condition
from acdepth.engine import Leftovers, TurnTask, Update
from acdepth.engine.average import WeightAverage
from acdepth.translator.augmentation import augment
from acdepth.translator.discriminator import Discriminator, EarlierImages
from acdepth.translator.generator import DIRECTIONS, Direction, Generator
from acdepth.translator.losses import (
    Adversary,
    adversarial_loss,
    colour_loss,
    depth_consistency_loss,
    perceptual_loss,
)
from acdepth.translator.perception import Perception, load_lpips
from acdepth.translator.settings import Levels, TranslatorConfig

Shown = dict[str, tuple[Tensor, Tensor]]
"""By the way that makes such images: real ones (B, 3, H, W) in -1..1, and their conditions (B,)."""


class TranslatorTask(TurnTask):
    """Generator against discriminator.

    With ``updates: together`` the generator learns in three turns, there and back from a clear image, there
    and back from an adverse one, and standing still, whose gradients add up; then the discriminator learns on
    what the first two made. With ``apart`` the first two are four: ``hold``, by what holds a translation to
    its source, and ``deceive``, by the adversarial loss. The optimiser steps after the holding turns, after
    the deceiving ones and after standing still; then the discriminator learns on what the deceiving turns
    made, and last on real images. Without cycle terms it learns one way: there from a clear image, and
    standing still.
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
        self.updates = self._updates()
        size = config.patch or config.image_size
        shown = (*((Condition.CLEAR,) if self.goes_back else ()), *config.conditions)
        earlier = config.earlier_translations
        self.earlier = EarlierImages(shown, earlier, size) if earlier else None
        # Batches of one step are one step of the average.
        momentum = config.averaging ** (1 / config.loop.accumulate)
        self.average = WeightAverage(generator.trained(), momentum, warm_up=9) if config.averaging else None

    def _updates(self) -> tuple[Update, ...]:
        config = self.config
        ways = DIRECTIONS if self.goes_back else DIRECTIONS[:1]
        identity = ("identity",) if self._identity else ()
        if config.updates == "together":
            learns, judges = [(*ways, *identity)], ["discriminator"]
        else:
            learns = [tuple(f"{part}_{way}" for way in ways) for part in ("hold", "deceive")]
            learns += [identity] if identity else []
            judges = [f"discriminator_{side}" for side in ("fake", "real")]
        rate, times = config.discriminator_rate, config.discriminator_updates
        return (
            *(Update(turns, "generator.") for turns in learns),
            *(Update((turn,), "discriminator.", rate, times) for turn in judges),
        )

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

    def make(self, image: Tensor, condition: Tensor, way: Direction) -> Tensor:
        """Translate images as the generator does, kept within -1..1 where the settings say so."""
        made = self.generator(image, condition, way)
        return made.clamp(-1, 1) if self.config.clamp else made

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
        if self.average and turn == self.updates[0].turns[0]:
            self.average.follow()
        part, _, rest = turn.partition("_")
        if part == "identity":
            return self._standing_still(clear, adverse, day, batch.condition)
        if part == "discriminator":
            shown: Shown = {"forth": (adverse, batch.condition), "back": (clear, day)}
            return self._tell_apart(shown, leftovers, generator, (rest,) if rest else ("real", "fake"))
        way: Direction = "back" if turn.endswith("back") else "forth"
        source, own, wanted = {
            "forth": (clear, day, batch.condition),
            "back": (adverse, batch.condition, day),
        }[way]
        made = self.make(source, wanted, way)
        terms: dict[str, Tensor] = {}
        if part != "hold":
            terms |= self._deceive(made, source, wanted, way, leftovers, generator)
        if part != "deceive":
            terms |= self._hold(made, source, own, way)
        return terms

    def _deceive(
        self,
        made: Tensor,
        source: Tensor,
        wanted: Tensor,
        way: Direction,
        leftovers: Leftovers,
        generator: torch.Generator,
    ) -> dict[str, Tensor]:
        leftovers.tensors[way] = made.detach()
        # With bfloat16 and little data a translator easily settles for handing images through unchanged.
        leftovers.statistics[f"change_{way}"] = float((made.detach() - source).abs().mean()) / 2
        deceived = self._adversarial(made, wanted, True, generator)
        return {f"adversarial_{way}": self.config.adversarial_weight * deceived}

    def _hold(self, made: Tensor, source: Tensor, own: Tensor, way: Direction) -> dict[str, Tensor]:
        config = self.config
        terms = self._return(made, source, own, way) if self.goes_back else {}
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
        back = self.make(made, own, "back" if way == "forth" else "forth")
        terms = {f"cycle_{way}": config.cycle_weight * colour_loss(back, source).mean()}
        if config.cycle_perceptual_weight > 0:
            seen = self._perceptual(back, source)
            terms[f"cycle_perceptual_{way}"] = config.cycle_perceptual_weight * seen
        return terms

    def _standing_still(
        self, clear: Tensor, adverse: Tensor, day: Tensor, condition: Tensor
    ) -> dict[str, Tensor]:
        config = self.config
        still = [(adverse, self.make(adverse, condition, "forth"))]
        if self.goes_back:
            still.insert(0, (clear, self.make(clear, day, "back")))
        terms = {"identity": config.identity_weight * _total(colour_loss(b, a).mean() for a, b in still)}
        if config.identity_perceptual_weight > 0:
            seen = _total(self._perceptual(b, a) for a, b in still)
            terms["identity_perceptual"] = config.identity_perceptual_weight * seen
        return terms

    def _tell_apart(
        self, shown: Shown, leftovers: Leftovers, generator: torch.Generator, sides: Sequence[str]
    ) -> dict[str, Tensor]:
        """Mean over the ways, of which img2img-turbo has two: its factor 0.5."""
        found: dict[str, list[Tensor]] = {side: [] for side in sides}
        for way, made in leftovers.tensors.items():
            real, condition = shown[way]
            if self.earlier and "fake" in sides:  # each update by made images is shown another draw
                made = self.earlier.exchange(made, condition, generator)
            images = {"real": real, "fake": made}
            for side in sides:
                loss = self._adversarial(images[side], condition, side == "real", generator)
                found[side].append(loss)
        return {f"discriminator_{side}": torch.stack(losses).mean() for side, losses in found.items()}

    def _adversarial(
        self, image: Tensor, condition: Tensor, real: bool, generator: torch.Generator
    ) -> Tensor:
        """How far the discriminator is from calling the images real, or fake."""
        config = self.config
        seen = augment(image, config.discriminator_augmentation, generator)
        scores = self.discriminator(seen, condition)
        return mean_adversarial(scores, real, config.adversary, config.adversarial_levels)

    def _perceptual(self, image: Tensor, wanted: Tensor) -> Tensor:
        for network in self.lpips:
            return network(image, wanted).mean()
        with torch.no_grad():
            goal = self.perception.features(wanted)
        return perceptual_loss(self.perception.features(image), goal).mean()


def mean_adversarial(
    scores: Iterable[Tensor], real: bool, kind: Adversary, levels: Levels = "mean"
) -> Tensor:
    """Mean over images and places, and mean or sum over the discriminator's levels."""
    per_level = torch.stack([adversarial_loss(level, real, kind).mean() for level in scores])
    return per_level.mean() if levels == "mean" else per_level.sum()


def _total(terms: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(terms)).sum()

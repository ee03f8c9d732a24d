"""Scores of an adaptation without labels: the best state is kept, and the run ends when none gets better."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.core.spread import spread
from acdepth.data.order import as_floats
from acdepth.data.pools import Pool
from acdepth.engine.log import RunLog, read_log
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.adapt.task import AdaptTask
from acdepth.student.losses import log_difference
from acdepth.student.ordinal import Pairs, agreed_labels, order_labels

HISTORY_FILE = "agreement.jsonl"
"""One line per scored state."""
PAIRS = 2000
"""Pixel pairs per held-out frame; the share of agreeing ones is known to about 1 % of a frame."""
AT_A_TIME = 8
"""Frames predicted together."""


@dataclass(frozen=True)
class Score:
    """What can be said of a state without any measured depth."""

    step: int
    """Finished steps; 0 is the student as it came."""
    agreement: float
    """Part, in 0..1, of the pixel pairs ordered by the prior on held-out adverse frames that the slow teacher
    orders so too, both of the frame and of the mirrored one."""
    mirrored: float
    """Mean |log| between its depth of the frames and of the mirrored ones."""
    forgotten: float
    """Mean |log| between its depth of clear frames and the frozen teacher's."""


@dataclass(frozen=True)
class HeldOut:
    """Frames of one condition that nothing is learnt from, and what the prior says of them."""

    frames: Tensor
    """(N, 3, H, W) float in 0..1."""
    night: bool
    pairs: Pairs
    labels: Tensor
    """(N, P)."""


class Validation:
    """Scores the slow teacher after each saved state.

    Agreement of orders is what is maximised: a network that collapses to one depth agrees with its mirrored
    self on everything, but with the prior on nothing, and one that copies the prior's noise differs when
    mirrored. Errors in metres cannot be seen without labels.

    Args:
        task: has the slow teacher, the prior and the frozen teacher; still on the CPU.
        adverse: held-out frames by condition.
        clear: clear frames, from which the distance to the frozen teacher is taken.
        folder: gets ``agreement.jsonl``.
        keep: called with the step when a state is the best so far.
    """

    def __init__(
        self,
        task: AdaptTask,
        adverse: Mapping[Condition, Pool],
        clear: Pool,
        folder: Path,
        keep: Callable[[int], object],
    ) -> None:
        self.task, self.settings = task, task.config.validation
        self.path, self.keep = folder / HISTORY_FILE, keep
        teacher, prior = task.anchor.teachers
        assert teacher is not None and prior is not None
        self.held_out = [
            _held_out(condition, _images(pool, self.settings.frames), prior, self.settings.margin)
            for condition, pool in adverse.items()
        ]
        self.clear = _images(clear, self.settings.frames)
        with torch.no_grad():
            self.taught = torch.cat([teacher(some).inverse_depths[0] for some in self.clear.split(AT_A_TIME)])
        self.history: list[Score] = []

    def resume(self, step: int, due: bool) -> None:
        """Go on at a state: forget what was scored after it; score it where that is ``due`` and not done."""
        if step == 0:
            self.path.unlink(missing_ok=True)  # of another run, which saved no state
        RunLog(self.path, step)
        self.history = [Score(**line) for line in read_log(self.path)]
        if due and not any(score.step == step for score in self.history):
            self(step)

    def __call__(self, step: int) -> bool:
        """Score the slow teacher as it is now; True if the run should end."""
        score = self._score(step)
        self.history.append(score)
        if self.best is score:
            self.keep(step)
        RunLog(self.path, step - 1).add(**asdict(score))
        return self.ended

    @property
    def best(self) -> Score:
        """The score of the state that is kept; of equals the first."""
        limit = self.history[0].forgotten * (1 + self.settings.most_forgotten)
        able = [one for one in self.history if one is self.history[0] or one.forgotten <= limit]
        return max(able, key=lambda one: one.agreement)

    @property
    def ended(self) -> bool:
        """Whether patience is at its end."""
        return len(self.history) - 1 - self.history.index(self.best) >= self.settings.patience

    @torch.no_grad()
    def _score(self, step: int) -> Score:
        agreements, differences = [], []
        for some in self.held_out:
            ways = self._predict(some.frames, some.night)
            agreements.append(order_agreement(ways, some.labels, some.pairs).mean())
            differences.append(log_difference(*ways).mean())
        clear, _ = self._predict(self.clear, night=False)
        agreement, mirrored = (float(torch.stack(values).mean()) for values in (agreements, differences))
        return Score(step, agreement, mirrored, float(log_difference(clear, self.taught).mean()))

    def _predict(self, images: Tensor, night: bool) -> tuple[Tensor, Tensor]:
        """Inverse depth of the images and of the mirrored ones, on the CPU."""
        device = next(self.task.parameters()).device
        ways = [
            self.task.both_ways(some.to(device), torch.full((len(some),), night, device=device))
            for some in images.split(AT_A_TIME)
        ]
        straight, mirrored = (torch.cat(way).cpu() for way in zip(*ways, strict=True))
        return straight, mirrored


def order_agreement(
    predictions: Sequence[Float[Tensor, "b 1 h w"]], labels: Float[Tensor, "b p"], pairs: Pairs
) -> Float[Tensor, " b"]:
    """Part, in 0..1, of each image's labelled pairs that every prediction puts into the labelled order.

    Args:
        predictions: inverse depths, each an opinion; a constant one agrees with nothing.
        labels: as `order_labels` gives them; pairs with 0 do not count, and an image without others gets 0.
        pairs: of each image.
    """
    agreed = labels
    for prediction in predictions:
        flat = prediction.flatten(1)
        agreed = agreed_labels(agreed, flat, pairs) * (flat.gather(1, pairs.a) != flat.gather(1, pairs.b))
    return (agreed != 0).sum(1) / (labels != 0).sum(1).clamp(min=1)


def random_pairs(images: int, pixels: int, count: int, generator: torch.Generator) -> Pairs:
    """Pixel pairs from all of the image, as many in each."""
    return Pairs(*torch.randint(pixels, (2, images, count), generator=generator))


def _held_out(condition: Condition, images: Tensor, prior: DepthAnythingPrior, margin: float) -> HeldOut:
    order = torch.cat([prior(some) for some in images.split(AT_A_TIME)]).flatten(1)
    pairs = random_pairs(len(images), order.shape[1], PAIRS, make_generator(0, "watch", condition))
    labels = order_labels(order.gather(1, pairs.a), order.gather(1, pairs.b), margin)
    return HeldOut(images, condition.dark, pairs, labels)


def _images(pool: Pool, most: int) -> Tensor:
    return as_floats([pool.image(frame, mirror=False) for frame in spread(pool.frames.tolist(), most)])

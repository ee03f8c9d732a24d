"""Judging an adaptation without labels: keeps its best state and says when it is over."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.seeding import make_generator
from acdepth.core.spread import spread
from acdepth.data.order import as_floats
from acdepth.data.pools import Pool
from acdepth.engine.log import RunLog, read_log
from acdepth.networks.depth_net import DepthNet
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.adapt.agreement import draw_pairs, log_difference, order_agreement
from acdepth.student.adapt.settings import JudgeSettings
from acdepth.student.ordinal import Pairs, order_labels
from acdepth.student.slow_average import SlowAverage

HISTORY_FILE = "agreement.jsonl"
"""One line per judged state."""
PAIRS = 2000
"""Pixel pairs per judged frame; the share of agreeing ones is known to about 1 % of a frame."""
AT_A_TIME = 8
"""Frames predicted together."""


@dataclass(frozen=True)
class Judgement:
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
class Judged:
    """Frames of one condition that judge, and what the prior says of them."""

    frames: Tensor
    """(N, 3, H, W) float in 0..1."""
    night: bool
    pairs: Pairs
    labels: Tensor
    """(N, P)."""


class Watch:
    """Judges the slow teacher after each saved state.

    Agreement of orders is what is maximised: a network that collapses to one depth agrees with its mirrored
    self on everything, but with the prior on nothing, and one that copies the prior's noise differs when
    mirrored. Errors in metres cannot be seen without labels.

    Args:
        slow: the network that is judged.
        prior: says which of two pixels is farther.
        adverse: held-out frames by condition.
        clear: clear frames, from which the distance to ``teacher`` is taken.
        teacher: frozen.
        settings: how many frames, how patiently.
        folder: gets ``agreement.jsonl``.
        keep: called with the step when a state is the best so far.
    """

    def __init__(
        self,
        slow: SlowAverage,
        prior: DepthAnythingPrior,
        adverse: Mapping[Condition, Pool],
        clear: Pool,
        teacher: DepthNet,
        settings: JudgeSettings,
        folder: Path,
        keep: Callable[[int], object],
    ) -> None:
        self.slow, self.settings = slow, settings
        self.path, self.keep = folder / HISTORY_FILE, keep
        self.judged = [_judged(condition, pool, prior, settings) for condition, pool in adverse.items()]
        self.clear = _images(clear, settings.frames)
        with torch.no_grad():
            taught = [teacher(some).inverse_depths[0] for some in self.clear.split(AT_A_TIME)]
        self.taught = torch.cat(taught)
        self.history: list[Judgement] = []

    def resume(self, step: int) -> None:
        """Go on at a state: forget what was judged after it, and judge it where that was not done."""
        if step == 0:
            self.path.unlink(missing_ok=True)  # of another run, which saved no state
        RunLog(self.path, step)
        self.history = [Judgement(**line) for line in read_log(self.path)]
        if not any(judgement.step == step for judgement in self.history):
            self(step)

    def __call__(self, step: int) -> bool:
        """Judge the slow teacher as it is now; True if the run should end."""
        judgement = self._judge(step)
        self.history.append(judgement)
        if self.best is judgement:
            self.keep(step)
        RunLog(self.path, step - 1).add(**asdict(judgement))
        return self.ended

    @property
    def best(self) -> Judgement:
        """The judgement of the state that is kept; of equals the first."""
        limit = self.history[0].forgotten * (1 + self.settings.most_forgotten)
        able = [one for one in self.history if one is self.history[0] or one.forgotten <= limit]
        return max(able, key=lambda one: one.agreement)

    @property
    def ended(self) -> bool:
        """Whether patience is at its end."""
        return len(self.history) - 1 - self.history.index(self.best) >= self.settings.patience

    @torch.no_grad()
    def _judge(self, step: int) -> Judgement:
        agreements, differences = [], []
        for some in self.judged:
            straight, mirrored = self._predict(some)
            agreements.append(order_agreement((straight, mirrored), some.labels, some.pairs).mean())
            differences.append(log_difference(straight, mirrored).mean())
        clear = torch.cat([self._ways(some, night=False)[0] for some in self.clear.split(AT_A_TIME)])
        return Judgement(
            step=step,
            agreement=float(torch.stack(agreements).mean()),
            mirrored=float(torch.stack(differences).mean()),
            forgotten=float(log_difference(clear, self.taught).mean()),
        )

    def _predict(self, judged: Judged) -> tuple[Tensor, Tensor]:
        ways = [self._ways(some, judged.night) for some in judged.frames.split(AT_A_TIME)]
        return torch.cat([straight for straight, _ in ways]), torch.cat([mirrored for _, mirrored in ways])

    def _ways(self, images: Tensor, night: bool) -> tuple[Tensor, Tensor]:
        device = next(self.slow.buffers()).device
        told = torch.full((len(images),), night, device=device)
        straight, mirrored = self.slow.both_ways(images.to(device), told)
        return straight.cpu(), mirrored.cpu()


def _judged(condition: Condition, pool: Pool, prior: DepthAnythingPrior, settings: JudgeSettings) -> Judged:
    images = _images(pool, settings.frames)
    order = torch.cat([prior(some) for some in images.split(AT_A_TIME)]).flatten(1)
    pairs = draw_pairs(len(images), order.shape[1], PAIRS, make_generator(0, "watch", condition))
    labels = order_labels(order.gather(1, pairs.a), order.gather(1, pairs.b), settings.margin)
    return Judged(images, condition.dark, pairs, labels)


def _images(pool: Pool, most: int) -> Tensor:
    return as_floats([pool.image(frame, mirror=False) for frame in spread(pool.frames, most)])

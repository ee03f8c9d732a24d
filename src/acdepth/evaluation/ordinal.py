"""Whether models order pairs of points as somebody who knows does: accuracy for images without depth."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.share import ALL, Share
from acdepth.core.tally import ReadTally
from acdepth.evaluation.evaluate import in_batches
from acdepth.evaluation.frames import TrueFrame, unmeasured_frame
from acdepth.evaluation.pairs import PointPair, Relation
from acdepth.evaluation.predict import Model, predict_unscored
from acdepth.evaluation.protocols import Protocol

TIE_RATIO = 1.03
"""Below this ratio of the larger to the smaller predicted depth two points count as equally far. Xian et al.,
CVPR 2020: tau = 0.03. Only WHDR looks at it."""
ROUNDING = 1e-6
"""Depths whose ratio is nearer to 1 than this have no order: float32 knows no more."""
LOWER_IS_CLOSER = "lower is closer"
"""Names the rule that needs no network: of two points the one lower in the image is closer."""


@dataclass(frozen=True)
class AskedFrame:
    """A frame and the pairs that somebody knows of it."""

    clip: Clip
    index: int
    pairs: tuple[PointPair, ...]


@dataclass(frozen=True)
class PairRow:
    """What one model says of one pair."""

    model: str
    clip: str
    key: str
    condition: Condition
    relation: Relation
    ratio: float
    """Of the first point's depth to the second's."""

    @property
    def right(self) -> float:
        """1 where the order is right, 0 where not, 0.5 for a tie of the model; NaN for a tie of the truth."""
        if self.relation is Relation.SAME:
            return np.nan
        if abs(self.ratio - 1) < ROUNDING:
            return 0.5
        return float((self.ratio < 1) == (self.relation is Relation.CLOSER))

    @property
    def disagrees(self) -> float:
        """1 where the relation, of the three that there are, is another."""
        said = Relation.FARTHER if self.ratio > 1 else Relation.CLOSER
        is_tie = max(self.ratio, 1 / self.ratio) < TIE_RATIO
        return float(self.relation is not (Relation.SAME if is_tie else said))


def order_pairs(
    models: Sequence[Model],
    asked: Sequence[AskedFrame],
    protocol: Protocol,
    advance: Callable[[], object] = lambda: None,
    on_warning: Callable[[str], object] | None = None,
    batch_size: int = 8,
    share: Share = ALL,
) -> list[PairRow]:
    """Ask every model for the order of every pair, and the rule `LOWER_IS_CLOSER`.

    Depth at a point is that of its nearest pixel, as the network says it: no alignment and no clamp changes
    an order. Pairs with a point outside the part of the image that the protocol shows are passed over.
    Further arguments are as in `evaluate`.

    Returns:
        The rows of the first model, of the second, ..., of the rule; each in the order of frames and pairs.

    Raises:
        UserError: if a point lies outside its image, too many images cannot be read, or no pair is left.
    """
    names = [model.name for model in models]
    rows: dict[str, list[PairRow]] = {name: [] for name in (*names, LOWER_IS_CLOSER)}
    for some in in_batches(_read(asked, protocol, advance, on_warning, share, batch_size), batch_size):
        frames = [frame for frame, _ in some]
        for model in models:
            depths = predict_unscored(model, frames, protocol)
            for (frame, pairs), depth in zip(some, depths, strict=True):
                rows[model.name] += [_row(model.name, frame, pair, _ratio(depth, pair)) for pair in pairs]
        for frame, pairs in some:
            rows[LOWER_IS_CLOSER] += [_row(LOWER_IS_CLOSER, frame, pair, _by_rows(pair)) for pair in pairs]
    if share.count > 1:
        number = {one.clip.key(one.index): place for place, one in enumerate(asked)}
        rows = {name: share.sorted(some, lambda row: number[row.key]) for name, some in rows.items()}
    if not rows[LOWER_IS_CLOSER]:
        part = f"the part of the images that protocol {protocol.name} shows"
        raise UserError(None, f"no pair lies within {part}")
    return [row for of_model in rows.values() for row in of_model]


def _read(
    asked: Sequence[AskedFrame],
    protocol: Protocol,
    advance: Callable[[], object],
    on_warning: Callable[[str], object] | None,
    share: Share,
    together: int,
) -> Iterator[tuple[TrueFrame, list[PointPair]]]:
    """Frames as the protocol shows them, with the pairs that are in them, in pixels of what is shown."""
    tally = ReadTally(len(asked), on_warning)
    for one in share.part(asked, together):
        try:
            image = one.clip.image(one.index)
        except UserError as error:
            tally.skip(error)
        else:
            _refuse_outside(one, image)
            frame = unmeasured_frame(one.clip, one.index, image, protocol)
            if pairs := _shown(one.pairs, frame, protocol):
                yield frame, pairs
        advance()
    tally.gather(share)


def _refuse_outside(asked: AskedFrame, image: np.ndarray) -> None:
    height, width = image.shape[:2]
    for pair in asked.pairs:
        for x, y in ((pair.x1, pair.y1), (pair.x2, pair.y2)):
            if round(x) >= width or round(y) >= height:
                what = f"point ({x:g}, {y:g}) lies outside its {width}x{height} pixels"
                raise UserError(pair.image, what, "give points as column, row in pixels of this image")


def _shown(pairs: Sequence[PointPair], frame: TrueFrame, protocol: Protocol) -> list[PointPair]:
    rows, columns = protocol.input_window.slices(*frame.whole)
    height, width = frame.image.shape[:2]
    top, left = rows.start, columns.start
    moved = [
        replace(pair, x1=pair.x1 - left, y1=pair.y1 - top, x2=pair.x2 - left, y2=pair.y2 - top)
        for pair in pairs
    ]
    return [
        pair
        for pair in moved
        if all(0 <= round(x) < width for x in (pair.x1, pair.x2))
        and all(0 <= round(y) < height for y in (pair.y1, pair.y2))
    ]


def _ratio(depth: np.ndarray, pair: PointPair) -> float:
    first, second = (depth[round(y), round(x)] for x, y in ((pair.x1, pair.y1), (pair.x2, pair.y2)))
    return float(first) / float(second)


def _by_rows(pair: PointPair) -> float:
    """A ratio of depths that orders a pair by the rows of its points alone."""
    return float(2.0 ** np.sign(pair.y2 - pair.y1))


def _row(model: str, frame: TrueFrame, pair: PointPair, ratio: float) -> PairRow:
    clip = frame.clip
    return PairRow(model, clip.name, frame.key, clip.condition, pair.relation, ratio)

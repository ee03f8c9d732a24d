"""Whether models order pairs of points as somebody who knows does: accuracy for images without depth."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.share import ALL, Share
from acdepth.core.stream import in_order, threads_beside
from acdepth.core.tally import ReadTally
from acdepth.evaluation.evaluate import in_batches
from acdepth.evaluation.frames import TrueFrame, asked_frame
from acdepth.evaluation.pairs import PointPair, Relation
from acdepth.evaluation.predict import Model, predict_unscored, seen_by
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
    shown_frames = _read(models, asked, protocol, advance, on_warning, share, batch_size)
    for some in in_batches(shown_frames, batch_size):
        pairs_of = [shown.pairs for shown in some]
        for number, model in enumerate(models):
            frames = [shown.seen[number] for shown in some]
            depths = predict_unscored(model, frames, protocol)
            for frame, pairs, depth in zip(frames, pairs_of, depths, strict=True):
                ratios = (depth[::2].astype(float) / depth[1::2]).tolist()
                rows[model.name] += [
                    _row(model.name, frame, pair, ratio) for pair, ratio in zip(pairs, ratios, strict=True)
                ]
        for (frame, *_), pairs in some:
            rows[LOWER_IS_CLOSER] += [_row(LOWER_IS_CLOSER, frame, pair, _by_rows(pair)) for pair in pairs]
    if share.count > 1:
        places = {one.clip.key(one.index): place for place, one in enumerate(asked)}
        rows = {name: share.sorted(some, lambda row: places[row.key]) for name, some in rows.items()}
    if not rows[LOWER_IS_CLOSER]:
        part = f"the part of the images that protocol {protocol.name} shows"
        raise UserError(None, f"no pair lies within {part}")
    return [row for of_model in rows.values() for row in of_model]


class _Shown(NamedTuple):
    """What a protocol shows of an image that was asked about."""

    seen: list[TrueFrame]
    """The frame as each model sees it; what counts is the first and the second point of each pair in turn."""
    pairs: list[PointPair]
    """Those that are in it, in pixels of what is shown."""


def _read(
    models: Sequence[Model],
    asked: Sequence[AskedFrame],
    protocol: Protocol,
    advance: Callable[[], object],
    on_warning: Callable[[str], object] | None,
    share: Share,
    together: int,
) -> Iterator[_Shown]:
    """Frames of which the protocol shows at least a pair, in order, read by threads."""

    def read(one: AskedFrame) -> _Shown | UserError:
        try:
            image = one.clip.image(one.index)
        except UserError as error:
            return error
        _refuse_outside(one, image)
        rows, columns = protocol.input_window.slices(image.shape[0], image.shape[1])
        pairs = _within(one.pairs, rows, columns)
        places = [(round(y), round(x)) for pair in pairs for x, y in _points(pair)]
        width = columns.stop - columns.start
        pixels = np.array([row * width + column for row, column in places], np.int64)
        frame = asked_frame(one.clip, one.index, image, pixels, protocol)
        return _Shown(seen_by(models, frame, protocol) if pairs else [], pairs)

    tally = ReadTally(len(asked), on_warning)
    for found in in_order(read, share.part(asked, together), threads_beside()):
        if isinstance(found, UserError):
            tally.skip(found)
        elif found.pairs:
            yield found
        advance()
    tally.gather(share)


def _refuse_outside(asked: AskedFrame, image: np.ndarray) -> None:
    height, width = image.shape[:2]
    for pair in asked.pairs:
        for x, y in _points(pair):
            if round(x) >= width or round(y) >= height:
                what = f"point ({x:g}, {y:g}) lies outside its {width}x{height} pixels"
                raise UserError(pair.image, what, "give points as column, row in pixels of this image")


def _points(pair: PointPair) -> tuple[tuple[float, float], tuple[float, float]]:
    return (pair.x1, pair.y1), (pair.x2, pair.y2)


def _within(pairs: Sequence[PointPair], rows: slice, columns: slice) -> list[PointPair]:
    """Those with both points in a window, in its pixels."""
    top, left = rows.start, columns.start
    height, width = rows.stop - top, columns.stop - left
    moved = [
        replace(pair, x1=pair.x1 - left, y1=pair.y1 - top, x2=pair.x2 - left, y2=pair.y2 - top)
        for pair in pairs
    ]
    return [
        pair
        for pair in moved
        if all(0 <= round(x) < width and 0 <= round(y) < height for x, y in _points(pair))
    ]


def _by_rows(pair: PointPair) -> float:
    """A ratio of depths that orders a pair by the rows of its points alone."""
    return float(2.0 ** np.sign(pair.y2 - pair.y1))


def _row(model: str, frame: TrueFrame, pair: PointPair, ratio: float) -> PairRow:
    clip = frame.clip
    return PairRow(model, clip.name, frame.key, clip.condition, pair.relation, ratio)

"""Depth edges: the same are right, shifted ones within the tolerance, blurred ones less and less."""

import cv2
import numpy as np
import pytest

from acdepth.core.measured import Measured
from acdepth.evaluation.edges import EDGE_METRICS, _pairs, edge_metrics, is_dense
from acdepth.evaluation.evaluate import evaluate
from acdepth.evaluation.protocols import find_protocol
from acdepth.evaluation.results import summarise
from tests.evaluation.footage import HEIGHT, WIDTH, Drive, constant

EVERYWHERE = np.ones((12, 20), dtype=bool)


def step(at: int, near: float = 5.0, far: float = 10.0) -> np.ndarray:
    """Near on the left, far from column ``at`` on."""
    depth = np.full(EVERYWHERE.shape, near, np.float32)
    depth[:, at:] = far
    return depth


def scores(predicted: np.ndarray, truth: np.ndarray, **values: object) -> tuple[float, ...]:
    found = edge_metrics(predicted, truth, EVERYWHERE, **values)
    return tuple(found[name] for name in EDGE_METRICS)


def town(seed: int = 0) -> np.ndarray:
    """Boxes of many depths before a slope."""
    random = np.random.default_rng(seed)
    depth = np.tile(np.linspace(40, 10, 12, dtype=np.float32)[:, None], (1, 20))
    for _ in range(6):
        row, column = random.integers(0, 9), random.integers(0, 15)
        depth[row : row + 4, column : column + 5] = random.uniform(3, 30)
    return depth


def test_the_truth_is_perfect_and_a_factor_on_it_as_well():
    assert scores(town(), town()) == (1.0, 1.0, 1.0)
    assert scores(3 * town(), town()) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("shift", "tolerance", "score"), [(1, 1, 1.0), (2, 1, 0.0), (2, 2, 1.0), (1, 0, 0.0)]
)
def test_a_shifted_step_is_right_within_the_tolerance(shift, tolerance, score):
    for at in (10 + shift, 10 - shift):
        assert scores(step(at), step(10), tolerance=tolerance) == (score, score, score)
        rows = edge_metrics(step(at).T, step(10).T, EVERYWHERE.T, tolerance)
        assert tuple(rows.values()) == (score, score, score)


def test_a_known_number():
    """True edges of 22 and 12 %; the prediction has the first, and the second beyond the tolerance."""
    truth, predicted = step(5, 10.0, 12.2), step(5, 10.0, 12.2)
    truth[:, 12:] *= 1.12
    predicted[:, 16:] *= 1.12
    # 1.05, 1.10: one of two either way. 1.15, 1.20: the first alone. 1.25: no edge, so it is left out.
    assert scores(predicted, truth) == pytest.approx((0.75, 0.75, 0.75))
    predicted[:, 14:15] *= 1.3  # a ridge adds one step to far and one to near, at each threshold
    assert scores(predicted, truth)[1] == pytest.approx(((1 / 4) * 2 + (1 / 3) * 2) / 4)


def test_a_step_the_other_way_is_another_edge():
    assert scores(step(10, 10.0, 5.0), step(10))[0] == 0.0


def test_the_more_blurred_the_lower():
    found = [scores(cv2.blur(town(), (side, side)), town())[0] for side in (1, 3, 5, 7)]
    assert found[0] == 1.0 and found == sorted(found, reverse=True) and len(set(found)) == 4


def test_no_predicted_edge_scores_nothing_and_has_no_precision():
    assert edge_metrics(np.full_like(town(), 7.0), town(), EVERYWHERE) == {"edge_f": 0.0, "edge_recall": 0.0}


def test_a_truth_without_edges_has_no_score():
    assert edge_metrics(step(10), np.full_like(step(10), 7.0), EVERYWHERE) == {}


def test_a_plane_at_a_low_angle_has_no_edges_whatever_it_steps_by():
    """The road up to four rows below the horizon, where neighbours differ by more than a quarter."""
    road = np.repeat(60 / np.arange(2.0, 14.0)[:, None], 20, axis=1).astype(np.float32)
    assert road[0, 0] / road[1, 0] > 1.25
    assert edge_metrics(road, road, EVERYWHERE) == {}
    with_car = road.copy()
    with_car[1:6, 8:12] = road[6, 0]
    assert scores(road, with_car)[0] < 0.5, "the road alone has not found the car"
    assert scores(with_car, with_car) == (1.0, 1.0, 1.0)


def test_only_pairs_of_counted_pixels_are_looked_at():
    counted = EVERYWHERE.copy()
    counted[:, 9] = False  # the near side of the step
    assert edge_metrics(step(10), step(10), counted) == {}
    wrong = step(10)
    wrong[:, :5] = 50.0
    counted = EVERYWHERE.copy()
    counted[:, :5] = False
    assert tuple(edge_metrics(wrong, step(10), counted).values()) == (1.0, 1.0, 1.0)


def test_pairs_that_do_not_count_have_ratios_of_one():
    counted = np.random.default_rng(0).random(EVERYWHERE.shape) < 0.6
    truth, predicted = town(), 2 * town(1)
    both = counted[1:] & counted[:-1]
    for _ in range(3):  # what is not filled in has whatever was in memory
        found = _pairs(predicted, truth, counted)
        for ratio, depth in ((found.said, predicted), (found.true, truth)):
            np.testing.assert_allclose(ratio[both], (depth[1:] / depth[:-1])[both])
            assert (ratio[~both] == 1).all()


def test_what_a_plane_foretells_against_a_loop_over_pixels():
    counted = np.random.default_rng(1).random(EVERYWHERE.shape) < 0.8
    truth = np.where(counted, town(), 0)
    expected = np.full((len(truth) - 1, truth.shape[1]), np.inf)
    for row, column in np.ndindex(expected.shape):
        for before, here, beyond in ((row - 1, row, row + 1), (row + 2, row + 1, row)):
            if before in range(len(truth)) and counted[[before, here, beyond], column].all():
                far, middle, near = (1 / float(truth[place, column]) for place in (before, here, beyond))
                if (foretold := 2 * middle - far) > 0:
                    missed = max(foretold / near, near / foretold)
                    expected[row, column] = min(expected[row, column], missed)
    for _ in range(3):
        np.testing.assert_allclose(_pairs(truth, truth, counted).unexplained, expected, rtol=1e-5)
    assert np.isinf(expected).any() and (expected > 1.25).any()


def test_lidar_is_not_dense_and_a_picture_with_sky_is():
    points = np.random.default_rng(0).random((60, 80)) < 0.2
    below_the_sky = np.arange(60)[:, None] * np.ones((1, 80)) > 20
    nothing = np.zeros((4, 4), dtype=bool)
    dense = [is_dense(Measured.of(one.astype(np.float32))) for one in (points, below_the_sky, nothing)]
    assert dense == [False, True, False]


def test_dense_is_where_three_quarters_of_the_neighbours_are_measured():
    def dense(rows: int, columns: int, every: int, width: int = 80) -> bool:
        """Measured in some rows and columns of each so many, whose neighbours right and below are counted."""
        there = np.zeros((60, width), np.float32)
        there[:, :] = (np.arange(60)[:, None] % every < rows) & (np.arange(width) % every < columns)
        return is_dense(Measured.of(there))

    # Of a pixel's two neighbours in blocks of N, 1 - 1 / N are there: three quarters from blocks of 4 on.
    assert dense(4, 4, 5) and not dense(3, 3, 4) and dense(5, 5, 6)
    # Whole rows of 80 have all of theirs at the right, and below them half, a third or none.
    assert dense(2, 3, 3, width=3) is False and dense(3, 4, 4) and not dense(1, 4, 4)
    assert not dense(2, 40, 40) and dense(3, 40, 40)


class Poles(Drive):
    """A near half before a far one; measured at one pixel in ``every``."""

    every = 1

    def depth(self, index):
        depth = super().depth(index)
        depth[:, WIDTH // 2 :] *= 3
        measured = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) % self.every == 0
        return np.where(measured, depth, 0).astype(np.float32)


class Scans(Poles):
    every = 3


def test_results_hold_edges_where_the_truth_is_dense_and_are_as_before_where_not():
    world, models = find_protocol("world-80m"), [constant("teacher", 10.0), constant("student", 12.0)]
    dense = summarise(evaluate(models, [Poles("a", [10.0]), Poles("b", [12.0])], world), world).to_dict()
    cell = dense["models"]["teacher"]["clear"]
    assert cell["edge_f"] == {"mean": 0.0, "low": 0.0, "high": 0.0}
    assert cell["edge_recall"]["mean"] == 0.0 and "edge_precision" not in cell
    assert "edge_f" not in cell["classes"]["left"]
    sparse = summarise(evaluate(models, [Scans("a", [10.0]), Scans("b", [12.0])], world), world).to_dict()
    assert not [name for name in sparse["models"]["teacher"]["clear"] if name.startswith("edge")]
    assert sparse["comparisons"]["student vs teacher"]["clear"].keys() == {"abs_rel"}


def test_the_change_of_the_edge_score_is_paired():
    from acdepth.core.condition import Condition
    from acdepth.evaluation.metrics import METRICS
    from acdepth.evaluation.schema import FrameRow

    def row(model: str, town: int, score: float | None) -> FrameRow:
        edges = {} if score is None else {"edge_f": score}
        metrics = {**dict.fromkeys(METRICS, 0.2), **edges}
        place = f"town_{town}"
        return FrameRow(
            model=model,
            sequence=place,
            key=f"{place}/0.png",
            index=0,
            condition=Condition.NIGHT,
            metrics=metrics,
            classes={},
        )

    rows = [row("teacher", 0, 0.2), row("teacher", 1, 0.4), row("teacher", 2, None)]
    rows += [row("student", 0, 0.3), row("student", 1, 0.5), row("student", 2, None)]
    found = summarise(rows, find_protocol("world-80m")).to_dict()
    change = found["comparisons"]["student vs teacher"]["night"]["edge_f"]
    assert change["relative_change"] == pytest.approx(1 / 3, abs=1e-5)
    assert (change["low"], change["high"]) == (0.25, 0.5)
    assert found["models"]["teacher"]["night"]["edge_f"]["mean"] == pytest.approx(0.3)

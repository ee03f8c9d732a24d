import math

import numpy as np
import pytest
import torch

from acdepth.evaluation.metrics import METRICS, depth_metrics
from acdepth.evaluation.predict import align
from acdepth.inference.output import fuse_flipped


def random_depths(count: int = 50, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(2, 60, count).astype(np.float32)


class TestMetrics:
    def test_known_values(self):
        found = depth_metrics(np.array([12.0, 20.0, 5.0, 8.0]), np.array([10.0, 10.0, 10.0, 8.0]))
        assert found["abs_rel"] == pytest.approx((0.2 + 1.0 + 0.5 + 0) / 4)
        assert found["sq_rel"] == pytest.approx((0.4 + 10.0 + 2.5 + 0) / 4)
        assert found["rmse"] == pytest.approx(math.sqrt((4 + 100 + 25 + 0) / 4))
        logs = (math.log(1.2), math.log(2), math.log(2), 0)
        assert found["rmse_log"] == pytest.approx(math.sqrt(sum(log**2 for log in logs) / 4))
        assert [found[name] for name in ("d1", "d2", "d3")] == [0.5, 0.5, 0.5]

    def test_thresholds_are_powers_of_a_quarter_more(self):
        truth = np.full(4, 10.0)
        found = depth_metrics(np.array([12.4, 15.0, 19.0, 20.0]), truth)
        assert [found[name] for name in ("d1", "d2", "d3")] == [0.25, 0.5, 0.75]
        mirrored = depth_metrics(truth, np.array([12.4, 15.0, 19.0, 20.0]))
        assert [mirrored[name] for name in ("d1", "d2", "d3")] == [0.25, 0.5, 0.75]

    def test_a_ratio_that_equals_the_threshold_is_not_within(self):
        found = depth_metrics(np.array([12.5, 8.0, 12.4]), np.array([10.0, 10.0, 10.0]))
        assert found["d1"] == pytest.approx(1 / 3) and found["d2"] == 1

    def test_the_truth_is_perfect(self):
        found = depth_metrics(random_depths(), random_depths())
        assert tuple(found) == METRICS
        assert list(found.values()) == [0, 0, 0, 0, 1, 1, 1]


class TestAlignment:
    counted = np.array([[True, True, True], [True, True, False]])
    truth = np.array([[2.0, 4.0, 8.0], [10.0, 20.0, 0.0]])

    def test_none_changes_nothing(self):
        predicted = random_depths(6).reshape(2, 3)
        assert align(predicted, self.truth, self.counted, "none") is predicted

    def test_median_removes_a_factor_and_looks_at_counted_pixels_only(self):
        predicted = np.where(self.counted, self.truth * 3, 1000.0)
        found = align(predicted, self.truth, self.counted, "median")
        np.testing.assert_allclose(found[self.counted], self.truth[self.counted])

    def test_of_two_middle_values_the_lower_is_the_median(self):
        truth, predicted = np.array([[1.0, 2.0, 6.0, 9.0]]), np.array([[4.0, 4.0, 5.0, 7.0]])
        found = align(predicted, truth, np.ones((1, 4), dtype=bool), "median")
        np.testing.assert_allclose(found, predicted * (2.0 / 4.0))

    def test_scale_and_shift_fit_inverse_depth(self):
        inverse = np.divide(1.0, self.truth, where=self.counted, out=np.full_like(self.truth, 0.1))
        predicted = 1 / (2.5 * inverse + 0.05)
        found = align(predicted, self.truth, self.counted, "scale_and_shift")
        np.testing.assert_allclose(found[self.counted], self.truth[self.counted])

    def test_a_shift_beyond_infinity_stays_positive(self):
        predicted = np.array([[1.0, 2.0, 1000.0]])
        truth = np.array([[1.0, 4.0, 0.0]])
        found = align(predicted, truth, truth > 0, "scale_and_shift")
        assert found[0, 2] > 1e5


class TestFlip:
    ours, mirrored = torch.full((1, 1, 2, 101), 0.1), torch.full((1, 1, 2, 101), 0.3)

    def test_the_middle_is_the_mean_and_the_borders_are_one_side_each(self):
        fused = fuse_flipped(self.ours, self.mirrored)[0, 0, 0]
        torch.testing.assert_close(fused[50], torch.tensor(0.2))
        torch.testing.assert_close(fused[0], torch.tensor(0.3))
        torch.testing.assert_close(fused[-1], torch.tensor(0.1))
        torch.testing.assert_close(fused[10:91], torch.full((81,), 0.2))

    def test_equal_predictions_stay(self):
        values = torch.linspace(0.05, 0.4, 202).view(1, 1, 2, 101)
        torch.testing.assert_close(fuse_flipped(values, values), values)

"""AUSE of orders whose area is known, and what becomes of it in rows, results and files."""

import json
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch

from acdepth.cli.evaluate import evaluate as evaluate_command
from acdepth.core.errors import UserError
from acdepth.evaluation.evaluate import evaluate
from acdepth.evaluation.predict import NetworkModel
from acdepth.evaluation.protocols import find_protocol
from acdepth.evaluation.results import summarise
from acdepth.evaluation.schema import read_rows, write_rows
from acdepth.evaluation.sparsification import COVERAGE, sparsify
from acdepth.networks.checkpoint import save_checkpoint
from acdepth.networks.confidence import ConfidenceHead, ConfidenceHeadConfig
from tests.data.folders import write_drive
from tests.evaluation.footage import HEIGHT, WIDTH, Drive, model
from tests.inference.tiny import tiny_card, tiny_network

WORLD = find_protocol("world-80m")
EVEN = np.linspace(0, 1, 2001)
"""Errors of which the smallest part c has the mean c / 2: in parts of the mean over all, c."""


def shuffled(values: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).permutation(values)


def test_perfect_order_has_no_area_and_any_monotone_scale_is_the_same():
    error = shuffled(EVEN)
    for confidence in (-error, np.exp(-error), 1 / (1 + error)):
        assert sparsify(error, confidence, error).ause == pytest.approx(0, abs=1e-12)


def test_of_few_pixels_the_curves_begin_with_the_first():
    error = np.linspace(0.1, 1.0, 10)
    found = sparsify(error, -error, error)
    assert found.abs_rel_at_coverage[0] == pytest.approx(0.1)
    assert found.oracle_at_coverage[-1] == pytest.approx(error.mean())


def test_reversed_order_and_a_constant_have_their_known_areas():
    """The oracle's curve is c, that of a constant 1, the reversed one 2 - c: areas 1/2 and 1."""
    error = shuffled(EVEN)
    worst = sparsify(error, error, error)
    assert worst.ause == pytest.approx(1, abs=1e-3)
    assert worst.ause_constant == pytest.approx(0.5, abs=1e-3)
    constant = sparsify(error, np.full(error.shape, 0.3), error)
    assert constant.ause == pytest.approx(constant.ause_constant, abs=1e-12)
    np.testing.assert_allclose(constant.abs_rel_at_coverage, 0.5)


def test_a_constant_is_what_random_orders_give_on_average():
    error = np.random.default_rng(1).exponential(size=300)
    draws = np.random.default_rng(2)
    random = [sparsify(error, draws.random(300), error).ause for _ in range(400)]
    assert np.mean(random) == pytest.approx(sparsify(error, error, error).ause_constant, abs=0.01)


def test_two_levels_are_the_mean_of_orders_within_them():
    """Errors 0, 2 are trusted equally, then 4: curve 1, 1, 2; oracle 0, 1, 2; mean 2."""
    found = sparsify(np.array([4.0, 0.0, 2.0]), np.array([0.1, 0.9, 0.9]), np.array([1.0, 2.0, 3.0]))
    assert found.ause == pytest.approx(1 / 3 / 2)
    # Nearest first: 4, 2, 2 against 0, 1, 2.
    assert found.ause_nearness == pytest.approx((4 + 1 + 0) / 3 / 2)


def test_curves_hold_the_error_of_the_surest_pixels():
    error = np.arange(1, 101, dtype=float)
    found = sparsify(shuffled(error), -shuffled(error), error)
    assert found.abs_rel_at_coverage == pytest.approx([(1 + 100 * part) / 2 for part in COVERAGE])
    assert found.oracle_at_coverage == found.abs_rel_at_coverage


def test_without_error_there_is_nothing_to_sort():
    assert sparsify(np.zeros(5), np.arange(5.0), np.ones(5)) is None


class Halves(Drive):
    """The left half is as far as the model says, the right half half as far again."""

    def depth(self, index):
        depth = super().depth(index)
        depth[:, WIDTH // 2 :] *= 1.5
        return depth


def ten_metres(sure: torch.Tensor | None) -> NetworkModel:
    """A model whose confidence head is ``sure`` of parts of the image."""
    plain = model("m", lambda image, night: torch.full((len(image), 1, HEIGHT, WIDTH), 0.1))
    if sure is None:
        return plain
    log_error = (-sure.log()).log()
    head = cast(ConfidenceHead, lambda image, output: log_error.expand(len(image), 1, -1, -1))
    return NetworkModel(replace(plain.network, head=head), "head")


def test_rows_and_results_have_the_confidence_of_the_models_answer(tmp_path):
    left_is_sure = torch.linspace(1, 0, WIDTH).expand(1, 1, HEIGHT, WIDTH)
    footage = [Halves("a", [10.0, 10.0]), Halves("b", [10.0])]
    rows = evaluate([ten_metres(left_is_sure)], footage, WORLD)
    assert rows[0].confidence.ause == pytest.approx(0, abs=1e-6)
    # Errors 0 and 1/3 in halves: the oracle has 0 up to 1/2, then 2 - 1/c; a constant's area is ln 2.
    assert rows[0].confidence.ause_constant == pytest.approx(np.log(2), abs=1e-3)
    write_rows(tmp_path / "frames.jsonl", rows)
    assert read_rows(tmp_path / "frames.jsonl") == rows
    found = summarise(rows, WORLD).to_dict()["models"]["m"]["clear"]["confidence"]
    assert found["images"] == 3 and found["ause"].keys() == {"mean", "low", "high"}
    assert found["improvement"] == pytest.approx(1, abs=1e-5)
    assert found["improvement_of_nearness"] == pytest.approx(0, abs=1e-5)  # all is equally near
    assert found["coverage"][-1] == 1 and found["abs_rel_at_coverage"][9] == pytest.approx(0, abs=1e-6)
    assert found["abs_rel_at_coverage"][-1] == pytest.approx(1 / 6, abs=1e-6)


def test_results_without_confidence_are_as_before():
    rows = evaluate([ten_metres(None)], [Halves("a", [10.0])], WORLD)
    assert rows[0].confidence is None
    assert "confidence" not in summarise(rows, WORLD).to_dict()["models"]["m"]["clear"]


def test_rows_written_before_there_was_confidence_are_read(tmp_path):
    rows = evaluate([ten_metres(None)], [Halves("a", [10.0])], WORLD)
    write_rows(tmp_path / "frames.jsonl", rows)
    old = json.loads((tmp_path / "frames.jsonl").read_text())
    del old["confidence"]
    (tmp_path / "frames.jsonl").write_text(json.dumps(old) + "\n")
    assert read_rows(tmp_path / "frames.jsonl") == rows


def test_the_command_scores_what_it_is_asked_for(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    data = write_drive(tmp_path / "data", 2, depth=True)
    network, card = tiny_network(), tiny_card()
    head = ConfidenceHead(ConfidenceHeadConfig(), card.network)
    save_checkpoint(tmp_path / "bare.safetensors", network, card)
    save_checkpoint(tmp_path / "headed.safetensors", network, card, head=head)
    found = {}
    for kind in ("scales", "flip", "head"):
        out = tmp_path / kind
        chosen = (str(tmp_path / "headed.safetensors"),)
        evaluate_command(data, weights=chosen, out=out, confidence=kind, examples=False, device="cpu")
        results = json.loads((out / "results.json").read_text())
        assert results["confidence"]["source"] == kind
        found[kind] = results["models"]["headed"]["clear"]["confidence"]["ause"]["mean"]
        assert "better" in capsys.readouterr().out
    assert len(set(found.values())) == 3
    with pytest.raises(UserError, match=r"bare\.safetensors: has no confidence head"):
        chosen = (str(tmp_path / "bare.safetensors"),)
        evaluate_command(data, weights=chosen, out=tmp_path / "no", confidence="head", device="cpu")
    assert not (tmp_path / "no").exists()

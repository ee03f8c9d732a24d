"""Losses, metrics and networks against values of the published implementation, where these are at hand."""

import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from acdepth.core.errors import UserError
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.networks.pose_net import PoseNet
from acdepth.networks.published import CLASSIFIER, reference_name

HERE = Path(__file__).parents[1]
REFERENCE = Path(os.environ.get("ACDEPTH_REFERENCE", HERE.parent / "shared" / "reference"))
GOLDEN = REFERENCE / "golden_11.npz"
INPUTS = re.compile(
    r"image(_prev|_next)?|K|pose_vec_prev_next|gt_pose_(prev|next)|(teacher_)?disp_\d|flip_disp|feat_\w+_\d|"
    r"consistency_degraded|rank_(pred|prior)_[ab]|window5_input|metric_(pred|gt)|net_(image|prev|next)"
)

needs_reference = [
    pytest.mark.real,
    pytest.mark.skipif(not GOLDEN.exists(), reason="needs reference values (ACDEPTH_REFERENCE)"),
]


def load_parity() -> ModuleType:
    spec = importlib.util.spec_from_file_location("parity", HERE / "benchmarks" / "parity.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["parity"] = module
    spec.loader.exec_module(module)
    return module


parity = load_parity()


class TestReference:
    pytestmark = needs_reference

    def test_every_stored_output_is_recomputed_within_its_tolerance(self):
        differences = parity.compare(GOLDEN)
        with np.load(GOLDEN) as arrays:
            outputs = {name for name in arrays.files if not INPUTS.fullmatch(name)}
        assert {difference.name for difference in differences} == outputs
        assert [difference for difference in differences if difference.exceeds] == []

    def test_names_and_shapes_are_the_published_ones(self):
        published = json.loads((REFERENCE / "reference_state_dict_keys.json").read_text())
        for network, key in (
            (DepthNet(DepthNetConfig()), "depth_net"),
            (PoseNet(DepthNetConfig()), "pose_net"),
        ):
            ours = {reference_name(name): list(value.shape) for name, value in network.state_dict().items()}
            used = {name: shape for name, shape in published[key].items() if not name.startswith(CLASSIFIER)}
            assert ours == used

    def test_a_changed_value_is_noticed(self, tmp_path, monkeypatch, capsys):
        with np.load(GOLDEN) as arrays:
            values = {name: arrays[name] for name in arrays.files}
        values["ssim"][0, 0, 0, 0] += 1e-3
        np.savez(tmp_path / "changed_11.npz", **values)
        monkeypatch.setattr(sys, "argv", ["parity.py", str(tmp_path / "changed_11.npz")])
        assert parity.main() == 1
        assert [line.split()[0] for line in capsys.readouterr().out.splitlines() if "EXCEEDS" in line] == [
            "ssim"
        ]


def test_a_missing_array_is_named(tmp_path):
    np.savez(tmp_path / "golden_3.npz", image=np.zeros(3))
    with pytest.raises(UserError, match=r"golden_3\.npz: the array 'pose_vec_prev_next' is missing"):
        parity.compare(tmp_path / "golden_3.npz")


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "golden_3.npz").write_text("no arrays here")
    with pytest.raises(UserError, match="not readable as reference values"):
        parity.compare(tmp_path / "golden_3.npz")


def test_a_name_without_seed_is_refused(tmp_path):
    np.savez(tmp_path / "golden.npz", image=np.zeros(3))
    with pytest.raises(UserError, match="give --seed"):
        parity.compare(tmp_path / "golden.npz")


def test_not_a_number_exceeds_every_tolerance():
    assert parity.Difference("ssim", float("nan"), float("nan")).exceeds

"""The depth network that ships, trained at tiny size."""

import copy
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.data.folder import open_data
from acdepth.data.settings import StreetSettings
from acdepth.data.streets.batches import StreetBatches, _window
from acdepth.engine import LoopSettings
from acdepth.networks.checkpoint import load_checkpoint
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.settings import DepthNetConfig
from acdepth.pretrain.settings import DepthConfig
from acdepth.pretrain.streets import StreetTask, depth_loss, pretrain_depth
from acdepth.world.car import Rig
from acdepth.world.export import DriveSettings, write_town
from tests.data.folders import write_drive

CONFIG = DepthConfig(
    network=DepthNetConfig(width=4),
    encoder=None,
    image_size=(64, 96),
    loop=LoopSettings(
        steps=4, batch_size=2, learning_rate=1e-3, log_every=1, checkpoint_every=2, device="cpu", trackers=()
    ),
)


@pytest.fixture(scope="module")
def streets(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("streets")
    conditions = (Condition.CLEAR, Condition.NIGHT)
    write_town(folder, 3, conditions, DriveSettings(2, (64, 96), Rig(focal=2.0)), "cpu")
    write_town(folder, 4, conditions[:1], DriveSettings(1, (96, 64)), "cpu")
    return folder


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("photographs")
    write_drive(folder, count=3)
    return folder


def batches(streets: Path, real: Path | None = None, **settings) -> StreetBatches:
    groups = [open_data(real)] if real else []
    return StreetBatches(open_data(streets), groups, StreetSettings(**settings), 64.0, 4, seed=1)


def test_a_batch_is_of_its_step_alone(streets, photographs):
    source = batches(streets, photographs)
    one, other = source.batch(5), batches(streets, photographs).batch(5)
    assert torch.equal(one.image, other.image) and torch.equal(one.changed, other.changed)
    later = (source.batch(step) for step in range(6, 30))
    like = next(batch for batch in later if batch.image.shape == one.image.shape)
    assert not torch.equal(one.image, like.image)


def test_depth_is_that_of_the_canonical_lens(streets):
    source = batches(streets, zoomed=0, adverse=0)
    found = {tuple(b.depth.shape[-2:]): b for b in (source.batch(step) for step in range(12))}
    assert set(found) == {(64, 96), (96, 64)}
    (long,) = (clip for clip in open_data(streets) if clip.name.startswith("town_0003/clear"))
    assert long.camera is not None and long.camera.fx == pytest.approx(0.8 * 2 * 96)
    measured = long.depth(0)
    assert measured is not None
    # Half the depth is said of a lens of twice the focal length.
    nearest = measured[measured > 0].min() * 64.0 / long.camera.fx
    assert found[64, 96].depth.nan_to_num(np.inf).min().item() == pytest.approx(nearest, rel=0.1)


def test_shrunk_streets_show_the_same_depth_through_a_lens_of_half_the_pixels(tmp_path):
    write_town(tmp_path, 5, (Condition.CLEAR,), DriveSettings(1, (128, 192)), "cpu")
    plain = {"zoomed": 0, "beside": 0, "new_sky": 0}

    def only(shrunk: int, focal: float) -> torch.Tensor:
        settings = StreetSettings(**plain, shrunk=shrunk)
        return StreetBatches(open_data(tmp_path), [], settings, focal, 1, seed=1).batch(0).depth[0, 0]

    whole, half = only(1, 128.0), only(2, 64.0)
    # Which of two columns is kept depends on whether the street is mirrored.
    near = [half.log() - whole[1::2, column::2].log() for column in (0, 1)]
    differ = torch.stack(near).abs().amin(0)
    assert half.shape == (64, 96) and (differ[half.isfinite()] < 0.01).float().mean() > 0.97
    with pytest.raises(UserError, match=r"shrunk = 3: makes all .* no network takes \(42x64\)"):
        only(3, 64.0)


def test_windows_bring_the_horizon_near_the_middle():
    level = np.maximum(np.arange(96, dtype=np.float32) - 60, 0)[:, None] + np.zeros((1, 160), np.float32)
    depth = np.where(level > 0, 150 / np.maximum(level, 1), np.inf).astype(np.float32)
    settings = StreetSettings(most_zoom=2.0, horizon_spread=0.0)
    found = []
    for seed in range(20):
        dice = np.random.default_rng(seed)
        image = np.zeros((96, 160, 3), np.uint8)
        _, seen, zoom = _window(image, depth, 12.0, dice, settings)
        first = np.isfinite(seen[:, 80]).argmax()
        found.append((zoom, abs(first - 48)))
    assert all(off < 14 for _, off in found) and all(off < 4 for zoom, off in found if zoom > 1.5)


def test_conditions_are_drawn_as_told(streets):
    clear, night = (batches(streets, zoomed=0, adverse=share).batch(0).image.mean() for share in (0.0, 1.0))
    assert night < clear


def test_looks_change_and_depth_of_photographs_does_not_move(streets, photographs):
    batch = batches(streets, photographs, photographs=3).batch(2)
    assert batch.taken.shape == batch.changed.shape == (3, 3, *batch.image.shape[-2:])
    assert not torch.equal(batch.taken, batch.changed)
    assert batch.changed.min() >= 0 and batch.changed.max() <= 1


def test_true_depth_costs_nothing_and_a_factor_its_logarithm():
    depth = torch.rand(2, 1, 64, 96) * 20 + 2
    scales, even = [1 / depth[..., :: 2**s, :: 2**s] for s in range(4)], torch.ones_like(depth)
    assert depth_loss(scales, depth.log(), even, 0.25).item() == pytest.approx(0, abs=1e-6)
    twice = [scale / 2 for scale in scales]
    assert depth_loss(twice, depth.log(), even, 0.25).item() == pytest.approx(np.log(2), rel=1e-5)
    unknown = depth.log()
    unknown[..., :32, :] = np.nan
    above = [scale.clone() for scale in scales]
    for scale in above:
        scale[..., : scale.shape[-2] // 2, :] = 1.0
    assert depth_loss(above, unknown, even, 0.25).item() == pytest.approx(0, abs=1e-6)


def test_nothing_is_learnt_of_hills_just_above_what_has_depth(streets):
    depth = batches(streets, zoomed=0, adverse=0, beside=0, new_sky=0).batch(0).depth[0, 0]
    sky, column = depth.isinf(), depth.isfinite().any(0)
    lowest = torch.where(sky, torch.arange(len(depth))[:, None], -1).amax(0)
    first = torch.where(depth.isfinite(), torch.arange(len(depth))[:, None], len(depth)).amin(0)
    both = column & (lowest >= 0) & (lowest < first)
    assert both.any() and ((first - lowest)[both] > 0.1 * 0.8 * 64).all()
    assert depth.isnan().any()


def test_a_run_ends_in_a_checkpoint_of_the_average(streets, photographs, tmp_path):
    weights = pretrain_depth(CONFIG, [streets], [photographs], tmp_path / "run", "of nothing much")
    network, card = load_checkpoint(weights)
    assert card.description == "of nothing much" and card.input_size == (64, 96)
    assert card.camera is not None and card.camera["fx"] == 256.0
    assert set(card.conditions) == {Condition.CLEAR, Condition.NIGHT}
    moved = Path(shutil.copytree(streets, tmp_path / "streets"))
    again = load_checkpoint(pretrain_depth(CONFIG, [moved], [photographs], tmp_path / "again", ""))[0]
    for name, value in network.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    state = load_file(tmp_path / "run" / "checkpoints" / "step_0000004.safetensors")
    for name, value in network.named_parameters():
        assert torch.equal(value, state[f"task.slow.{name.replace('.', '/')}"]), name
        assert not torch.equal(value, state[f"task.network.{name}"]), name
    (image, *_) = sorted(moved.rglob("images/*.png"))
    image.write_bytes(image.read_bytes() + b"rendered anew")
    with pytest.raises(UserError, match="streets: "):
        pretrain_depth(CONFIG, [moved], [photographs], tmp_path / "again", "")
    further = CONFIG.model_copy(update={"start": weights})
    other = load_checkpoint(pretrain_depth(further, [streets], [photographs], tmp_path / "further", ""))[0]
    name = "decoder.heads.0.weight"
    assert not torch.equal(other.get_parameter(name), network.get_parameter(name))


def test_the_encoder_is_held_to_what_it_was(streets, photographs):
    network = DepthNet(CONFIG.network, 15.0)
    task = StreetTask(
        CONFIG.model_copy(update={"agreement_start": 1.0}), network, copy.deepcopy(network.encoder)
    )
    batch, generator = batches(streets, photographs).batch(0), torch.Generator()
    same = type(batch)(batch.image, batch.depth, batch.taken, batch.taken)
    assert task(same, generator, 0.0)["hold"].item() == pytest.approx(0, abs=1e-6)
    with torch.no_grad():
        network.encoder.get_parameter("layer4.1.bn2.bias").add_(1)
    assert task(same, generator, 0.0)["hold"].item() > 0.01


def test_what_has_no_depth_is_refused(photographs, tmp_path):
    with pytest.raises(UserError, match=r"has no (measured depth|a camera) to learn from"):
        StreetBatches(open_data(photographs), [], StreetSettings(), 64.0, 2, seed=0)

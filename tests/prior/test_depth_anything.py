"""The real Depth Anything class at tiny size: preprocessing, freezing, folders, and that it can learn."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from acdepth.core.errors import UserError
from acdepth.core.files import read_json, write_json
from acdepth.core.seeding import make_generator
from acdepth.prior.depth_anything import DepthAnythingPrior, content_of, relative_inverse_depth
from acdepth.prior.losses import scale_shift_invariant_loss
from acdepth.prior.preprocessing import Preprocessing
from acdepth.prior.settings import TinyPriorConfig
from acdepth.prior.tiny import build_tiny_prior

CONFIG = TinyPriorConfig(side=56, width=32, heads=2, neck=(8, 8, 16, 16), fusion=8, head=8)


def picture(height: int = 50, width: int = 90, seed: int = 0) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=make_generator(seed, "prior picture"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    prior = DepthAnythingPrior.tiny(3, CONFIG)
    prior.card["description"] = "untrained"
    prior.save(tmp_path / "prior")
    return tmp_path / "prior"


@pytest.mark.parametrize(
    ("image", "expected"), [((900, 1600), (518, 924)), ((518, 518), (518, 518)), ((400, 300), (518, 392))]
)
def test_the_side_that_needs_less_change_gets_the_length(
    image: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert Preprocessing(side=518).size_for(*image) == expected


@pytest.mark.parametrize(("image", "own"), [((320, 576), (294, 518)), ((320, 544), (308, 518))])
def test_a_given_size_is_that_of_every_image(image: tuple[int, int], own: tuple[int, int]) -> None:
    """The published code's 322x574 on nuScenes and on RobotCar, where Depth Anything's own sizes differ."""
    assert Preprocessing(size=(322, 574)).size_for(*image) == (322, 574)
    assert Preprocessing().size_for(*image) == own


def test_the_published_input_is_plain_bilinear() -> None:
    image = torch.rand(1, 3, 16, 30, generator=make_generator(0, "plain bilinear"))
    found = Preprocessing(size=(14, 28), mean=(0.0,) * 3, std=(1.0,) * 3)(image)
    assert found.shape == (1, 3, 14, 28)
    for row, column in ((0, 0), (5, 9), (13, 27)):
        v, u = (row + 0.5) * 16 / 14 - 0.5, (column + 0.5) * 30 / 28 - 0.5
        top, left = int(v), int(u)
        down, right = v - top, u - left
        corners = image[0, :, top : top + 2, left : left + 2]
        rows = corners[:, 0] * (1 - down) + corners[:, 1] * down
        torch.testing.assert_close(found[0, :, row, column], rows[:, 0] * (1 - right) + rows[:, 1] * right)


def test_a_prior_sees_the_size_it_is_told_and_answers_in_that_of_the_image() -> None:
    prior, seen = DepthAnythingPrior.tiny(0, CONFIG), []
    prior.network.register_forward_pre_hook(
        lambda _, __, given: seen.append(given["pixel_values"].shape[-2:]), with_kwargs=True
    )
    answers = [prior(picture(70, 126))]
    prior.resize_to(84, 70)
    answers.append(prior(picture(70, 126)))
    assert seen == [(56, 98), (84, 70)]
    assert all(answer.shape == (2, 1, 70, 126) for answer in answers)


@pytest.mark.parametrize("size", [(320, 574), (322, 576)])
def test_a_size_that_is_no_multiple_of_the_patch_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(UserError, match=rf"cannot be {size[0]}x{size[1]} pixels; .* multiples of .*, 14"):
        DepthAnythingPrior.tiny(0, CONFIG).resize_to(*size)


@pytest.mark.parametrize("size", [(120, 200), (75, 241), (40, 30)])
def test_preprocessing_is_that_of_transformers(tmp_path: Path, size: tuple[int, int]) -> None:
    from transformers.models.dpt.image_processing_pil_dpt import DPTImageProcessorPil

    ours = Preprocessing(side=70)
    ours.write(tmp_path)
    assert Preprocessing.read(tmp_path) == ours
    theirs = DPTImageProcessorPil.from_pretrained(tmp_path)
    coarse = torch.rand(1, 3, 6, 8, generator=make_generator(0, "smooth"))
    smooth = torch.nn.functional.interpolate(coarse, size, mode="bicubic").clamp(0, 1)[0]
    image = (smooth * 255).round().byte()
    expected = theirs(image.permute(1, 2, 0).numpy(), return_tensors="pt")["pixel_values"]
    # PIL rounds to 8 bits after each direction: two steps of 1/255, over the deviation of 0.22, are 0.036.
    torch.testing.assert_close(ours(image[None] / 255), expected, atol=0.04, rtol=0)


def test_the_answer_has_the_size_of_the_question_and_no_gradient() -> None:
    prior = DepthAnythingPrior.tiny(0, CONFIG)
    answer = prior(picture().requires_grad_())
    assert answer.shape == (2, 1, 50, 90)
    assert not answer.requires_grad
    assert (answer >= 0).all() and answer.std() > 0.01


def test_it_stays_frozen_inside_a_module_that_trains() -> None:
    around = torch.nn.ModuleList([DepthAnythingPrior.tiny(0, CONFIG)]).train()
    assert not any(module.training for module in around[0].modules())
    assert not any(parameter.requires_grad for parameter in around.parameters())


def test_the_seed_decides_and_the_global_generator_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    one, same, other = (DepthAnythingPrior.tiny(seed, CONFIG)(picture()) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_saved_folder_gives_the_same_answers(folder: Path) -> None:
    loaded = DepthAnythingPrior.from_pretrained(folder)
    original = DepthAnythingPrior.tiny(3, CONFIG)
    torch.testing.assert_close(loaded(picture()), original(picture()), rtol=0.01, atol=0.005)
    assert loaded.card == {"description": "untrained"}
    assert loaded.preprocessing == Preprocessing(CONFIG.side)


def test_transformers_reads_the_folder_too(folder: Path) -> None:
    from transformers import AutoModelForDepthEstimation

    theirs = AutoModelForDepthEstimation.from_pretrained(folder, dtype=torch.float32)
    ours = DepthAnythingPrior.from_pretrained(folder)
    torch.testing.assert_close(relative_inverse_depth(theirs, ours.preprocessing, picture()), ours(picture()))


def test_the_shipped_size_is_small() -> None:
    network = build_tiny_prior(TinyPriorConfig(), 0)
    assert sum(parameter.numel() for parameter in network.parameters()) * 4 < 6e6


def test_it_learns_which_half_is_near() -> None:
    network = build_tiny_prior(CONFIG, 0)
    image = picture(56, 56)
    near_left = (torch.arange(56) < 28).float().expand(2, 1, 56, 56) + 0.1
    optimiser = torch.optim.Adam(network.parameters(), 5e-4)
    known = torch.ones_like(near_left, dtype=torch.bool)
    losses = []
    for _ in range(25):
        prediction = relative_inverse_depth(network, Preprocessing(CONFIG.side), image)
        loss = scale_shift_invariant_loss(prediction, near_left, known).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_what_is_no_relative_depth_anything_is_refused_in_words(folder: Path, tmp_path: Path) -> None:
    config = read_json(folder / "config.json")
    cases = {
        "must be a 'depth_anything' model": {**config, "model_type": "dpt"},
        "must be a relative one": {**config, "depth_estimation_type": "metric"},
        "does not fit its config.json": {**config, "head_hidden_size": 9},
        "not understood by transformers": {**config, "patch_size": "fourteen"},
    }
    for message, changed in cases.items():
        write_json(folder / "config.json", changed)
        with pytest.raises(UserError, match=message):
            DepthAnythingPrior.from_pretrained(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"config\.json: no such file"):
        DepthAnythingPrior.from_pretrained(tmp_path / "empty")
    with pytest.raises(UserError, match="no such folder"):
        DepthAnythingPrior.from_pretrained(tmp_path / "nowhere" / "at" / "all")


def test_adapters_beside_the_weights_are_refused(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(UserError, match=r"adapter_config\.json: adapters beside a model's weights"):
        DepthAnythingPrior.from_pretrained(folder)


def test_every_file_that_decides_the_answer_tells_priors_apart(folder: Path) -> None:
    contents = [content_of(folder)]
    write_json(folder / "card.json", {"description": "another"})
    assert content_of(folder) == contents[0]
    changes = {"preprocessor_config.json": {"image_mean": [0.5] * 3}, "config.json": {"patch_size": 7}}
    for file, values in changes.items():
        write_json(folder / file, {**read_json(folder / file), **values})
        contents.append(content_of(folder))
    assert len(set(contents)) == 3


def test_a_prior_of_the_hub_is_told_by_name_and_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    revisions = iter(["0123", "4567"])
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: f"snapshots/{next(revisions)}")
    small = Path("depth-anything/Small")
    assert [content_of(small) for _ in "ab"] == ["depth-anything/Small@0123", "depth-anything/Small@4567"]


@pytest.mark.parametrize(("value", "fault"), [(torch.nan, "not finite"), (0.0, "is the same everywhere")])
def test_a_broken_prior_stops_with_its_name(folder: Path, value: float, fault: str) -> None:
    prior = DepthAnythingPrior.from_pretrained(folder)
    for parameter in prior.network.head.parameters():
        parameter.fill_(value)
    with pytest.raises(UserError, match=rf"{folder.name}: its inverse depth of an image .*{fault}"):
        prior(picture())
    if value == 0.0:
        assert torch.equal(prior(torch.full((1, 3, 50, 90), 0.3)).unique(), torch.zeros(1)), "nothing to see"


@pytest.mark.parametrize("spoil", ["cut", "noise", "missing"])
def test_spoilt_weights_are_refused_in_words(folder: Path, spoil: str) -> None:
    weights = folder / "model.safetensors"
    content = weights.read_bytes()
    if spoil == "missing":
        weights.unlink()
    else:
        weights.write_bytes(content[: len(content) // 2] if spoil == "cut" else np.arange(999).tobytes())
    with pytest.raises(UserError, match=r"model\.safetensors"):
        DepthAnythingPrior.from_pretrained(folder)


def test_other_preprocessing_is_refused_in_words(folder: Path) -> None:
    values = read_json(folder / "preprocessor_config.json")
    write_json(folder / "preprocessor_config.json", {**values, "keep_aspect_ratio": False})
    with pytest.raises(UserError, match="keep the aspect"):
        DepthAnythingPrior.from_pretrained(folder)


def test_torchvision_is_never_imported() -> None:
    DepthAnythingPrior.tiny(0, CONFIG)(picture())
    assert "torchvision" not in sys.modules


def test_other_numbers_than_its_own_may_normalise_its_input() -> None:
    prior, image = DepthAnythingPrior.tiny(0, CONFIG), picture(56, 98)
    own = prior(image)
    mean, std = (
        torch.tensor(Preprocessing().mean).view(3, 1, 1),
        torch.tensor(Preprocessing().std).view(3, 1, 1),
    )
    prior.normalise_by((0.4130,) * 3, (0.2093,) * 3)
    torch.testing.assert_close(prior((image - mean) / std * 0.2093 + 0.4130), own)
    assert not torch.allclose(prior(image), own)

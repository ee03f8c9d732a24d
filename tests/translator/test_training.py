"""The translator's training step by step, and whole runs: what learns, from what, and that runs repeat."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from acdepth.core.batches import UnpairedBatch
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.seeding import make_generator
from acdepth.engine import Leftovers, LoopSettings
from acdepth.engine.log import read_log
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.translator.adapters import base_hash, load_card, load_translator
from acdepth.translator.discriminator import PatchDiscriminator
from acdepth.translator.feature_discriminators import EncoderDiscriminator
from acdepth.translator.losses import (
    colour_loss,
    depth_consistency_loss,
    perceptual_loss,
)
from acdepth.translator.perception import Perception
from acdepth.translator.settings import TranslatorConfig
from acdepth.translator.task import TranslatorTask, mean_adversarial
from acdepth.translator.training import make_discriminator, train_translator
from tests.data.folders import write_drive
from tests.diffusion.tiny import random_image, tiny_model
from tests.translator.tiny import (
    CLEAR,
    FOG,
    LORA,
    NIGHT,
    TINY_PRIOR,
    gradients,
    indices,
    tiny_generator,
    tiny_prior,
)

CONFIG = TranslatorConfig(
    conditions=(Condition.NIGHT, Condition.FOG),
    image_size=(24, 40),
    patch=None,
    pool_size=3,
    lora=LORA,
    discriminator=Path("patch"),
    depth_weight=2.0,
    updates="together",
    adversarial_levels="mean",
    discriminator_augmentation=(),
    clamp=False,
    skip_start=0.0,
    adapt_whole=False,
    frugal=False,
    loop=LoopSettings(
        steps=3,
        batch_size=1,
        learning_rate=1e-3,
        log_every=1,
        checkpoint_every=1,
        precision="fp32",
        device="cpu",
        trackers=(),
    ),
)


def batch() -> UnpairedBatch:
    first, second = (random_image(2, seed=seed) / 2 + 0.5 for seed in (0, 1))
    return UnpairedBatch(first, second, indices(NIGHT, FOG))


def task(**values: Any) -> TranslatorTask:
    torch.manual_seed(0)
    discriminator = PatchDiscriminator(width=4)
    config = CONFIG.model_copy(update=values)
    return TranslatorTask(config, tiny_generator(), discriminator, Perception(tiny_prior()))


def toward(scores: Sequence[torch.Tensor], real: bool) -> torch.Tensor:
    return mean_adversarial(scores, real, "sigmoid")


def play(task: TranslatorTask, *turns: str) -> dict[str, torch.Tensor]:
    left, terms = Leftovers(), {}
    for turn in turns:
        terms = task(batch(), make_generator(0), 0.0, turn, left)
    return terms


class TestTerms:
    """In evaluation mode: spectral norms then stand still from one call of the discriminator to the next."""

    @torch.no_grad()
    @pytest.mark.parametrize("way", ["forth", "back"])
    def test_there_and_back(self, way):
        played = task(cycle_perceptual_weight=0.0, cycle_weight=3.0, adversarial_weight=0.25).eval()
        clear, adverse = batch().clear * 2 - 1, batch().adverse * 2 - 1
        day, bad = indices(CLEAR, CLEAR), indices(NIGHT, FOG)
        source, own, wanted, opposite = {
            "forth": (clear, day, bad, "back"),
            "back": (adverse, bad, day, "forth"),
        }[way]
        made = played.generator(source, wanted, way)
        back = played.generator(made, own, opposite)
        expected = {
            f"adversarial_{way}": 0.25 * toward(played.discriminator(made, wanted), True),
            f"cycle_{way}": 3 * colour_loss(back, source).mean(),
        }
        if way == "forth":
            depths = [played.perception.inverse_depth(image) for image in (made, source)]
            expected["depth"] = 2 * depth_consistency_loss(*depths).mean()
        found = play(played, way)
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, msg=name)
            assert value > 0

    @torch.no_grad()
    def test_content(self):
        played = task(content_weight=3.0).eval()
        source = batch().clear * 2 - 1
        features = played.perception.features
        made = played.generator(source, indices(NIGHT, FOG), "forth")
        expected = 3 * perceptual_loss(features(made), features(source)).mean()
        torch.testing.assert_close(play(played, "forth")["content_forth"], expected)
        assert expected > 0 and "content_forth" not in play(task(), "forth")

    @torch.no_grad()
    def test_standing_still(self):
        played = task(identity_perceptual_weight=0.0, identity_weight=5.0).eval()
        clear, adverse = batch().clear * 2 - 1, batch().adverse * 2 - 1
        still = colour_loss(played.generator(clear, indices(CLEAR, CLEAR), "back"), clear).mean()
        still = still + colour_loss(played.generator(adverse, indices(NIGHT, FOG), "forth"), adverse).mean()
        torch.testing.assert_close(play(played, "identity"), {"identity": 5 * still})

    @torch.no_grad()
    def test_telling_apart(self):
        played = task().eval()
        clear, adverse = batch().clear * 2 - 1, batch().adverse * 2 - 1
        day, bad = indices(CLEAR, CLEAR), indices(NIGHT, FOG)
        night, morning = played.generator(clear, bad, "forth"), played.generator(adverse, day, "back")
        discriminator = played.discriminator
        real = toward(discriminator(adverse, bad), True) + toward(discriminator(clear, day), True)
        fake = toward(discriminator(night, bad), False) + toward(discriminator(morning, day), False)
        found = play(played, "forth", "back", "discriminator")
        torch.testing.assert_close(found, {"discriminator_real": real / 2, "discriminator_fake": fake / 2})

    def test_terms_without_weight_are_not_computed(self):
        played = task(identity_weight=0.0, identity_perceptual_weight=0.0, depth_weight=0.0)
        assert played.updates[0].turns == ("forth", "back")
        assert "depth" not in play(played, "forth") and "identity" in task().updates[0].turns


ONE_WAY: dict[str, float] = {"cycle_weight": 0.0, "cycle_perceptual_weight": 0.0}


class TestOneWay:
    """Without cycle terms."""

    def test_nothing_goes_back(self):
        played = task(**ONE_WAY)
        assert played.updates[0].turns == ("forth", "identity")
        assert play(played, "forth").keys() == {"adversarial_forth", "depth"}
        for turn in ("forth", "identity"):
            torch.stack(list(play(played, turn).values())).sum().backward()
        found = gradients(played.generator)
        assert found and not any("back" in name for name in found)

    @torch.no_grad()
    def test_clear_images_are_not_scored(self):
        played = task(**ONE_WAY).eval()
        bad, adverse = indices(NIGHT, FOG), batch().adverse * 2 - 1
        made = played.generator(batch().clear * 2 - 1, bad, "forth")
        found = play(played, "forth", "discriminator")
        real, fake = toward(played.discriminator(adverse, bad), True), played.discriminator(made, bad)
        torch.testing.assert_close(
            found, {"discriminator_real": real, "discriminator_fake": toward(fake, False)}
        )


class TestAverage:
    def test_what_is_saved_is_the_average_and_training_goes_on_from_the_last_state(self):
        played = task(averaging=0.9)
        name, parameter = next(iter(played.generator.trained().items()))
        start = parameter.detach().clone()
        parameter.data.fill_(1.0)
        play(played, "forth")
        parameter.data.fill_(2.0)
        with played.as_saved() as generator:
            saved = generator.trained()[name].detach().clone()
        torch.testing.assert_close(saved, 0.1 * start + 0.9)  # the first step's momentum is 1 / 10
        assert float(parameter.detach().min()) == 2.0

    def test_accumulated_batches_are_one_step(self):
        loop = CONFIG.loop.model_copy(update={"accumulate": 2})
        average = task(averaging=0.9, loop=loop).average
        assert average is not None and abs(average.momentum**2 - 0.9) < 1e-9

    def test_without_one_the_last_state_is_saved(self):
        played = task()
        with played.as_saved() as generator:
            assert generator is played.generator and played.average is None


@torch.no_grad()
def test_the_discriminator_is_shown_earlier_translations():
    played = task(**ONE_WAY, earlier_translations=1, patch=None, image_size=(32, 48)).eval()
    assert played.earlier is not None
    played.earlier.counts.fill_(1)
    bad, white, shown = indices(NIGHT, FOG), torch.ones(2, 3, 32, 48), 0
    expected = toward(played.discriminator(white, bad), False)
    for step in range(20):
        played.earlier.images.fill_(255)
        left = Leftovers()
        played(batch(), make_generator(0), 0.0, "forth", left)
        found = played(batch(), make_generator(1, step), 0.0, "discriminator", left)["discriminator_fake"]
        shown += torch.allclose(found, expected)
    assert 1 <= shown < 12, "both images are earlier ones in about a quarter of the steps"


def test_the_discriminator_that_settings_name(tmp_path):
    loaded = make_discriminator(CONFIG.model_copy(update={"discriminator": Path("encoder")}))
    assert isinstance(loaded, EncoderDiscriminator)
    assert isinstance(make_discriminator(CONFIG), PatchDiscriminator)
    missing = {"discriminator": Path("encoder"), "encoder": tmp_path / "none.safetensors"}
    with pytest.raises(UserError, match=r"none\.safetensors"):
        make_discriminator(CONFIG.model_copy(update=missing))


def test_a_translation_that_nothing_holds_is_refused():
    with pytest.raises(ValueError, match="nothing would hold a translation to its source"):
        TranslatorConfig(**ONE_WAY)  # pyright: ignore[reportArgumentType]


class TestGradients:
    def test_the_generators_turns_reach_all_that_learns_and_nothing_frozen(self):
        played = task()
        for turn in ("forth", "back", "identity"):
            torch.stack(list(play(played, turn).values())).sum().backward()
        found = gradients(played.generator)
        assert found.keys() == played.generator.trained().keys()
        assert all(bool(gradient.any()) for gradient in found.values())
        assert not gradients(played.perception.prior)

    def test_the_discriminators_turn_leaves_the_generator_alone(self):
        played = task()
        torch.stack(list(play(played, "forth", "back", "discriminator").values())).sum().backward()
        assert not gradients(played.generator) and not gradients(played.perception.prior)
        assert gradients(played.discriminator).keys() == dict(played.discriminator.named_parameters()).keys()


@torch.no_grad()
def test_change_is_logged_in_parts_of_the_range():
    played, left = task(), Leftovers()
    played(batch(), make_generator(0), 0.0, "forth", left)
    change = left.tensors["forth"] / 2 + 0.5 - batch().clear
    assert left.statistics["change_forth"] == pytest.approx(float(change.abs().mean()), rel=1e-4)


def test_the_seed_decides_the_discriminator_and_nobody_elses_draws():
    before = torch.random.get_rng_state()
    loops = [CONFIG.loop.model_copy(update={"seed": seed}) for seed in (0, 0, 1)]
    first, again, other = (make_discriminator(CONFIG.model_copy(update={"loop": loop})) for loop in loops)
    assert torch.equal(torch.random.get_rng_state(), before)
    first, again, other = (dict(discriminator.state_dict()) for discriminator in (first, again, other))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize(
    "values",
    [{"conditions": []}, {"conditions": ["clear"]}, {"conditions": ["fog", "fog"]}, {"pool_size": 0}],
)
def test_settings_that_teach_nothing_are_refused(values):
    with pytest.raises(UserError, match=next(iter(values))):
        TranslatorConfig.from_dict(values, where="here")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    tiny_model().save(folder / "base")
    tiny_prior().save(folder / "prior")
    DepthAnythingPrior.tiny(1, TINY_PRIOR).save(folder / "other prior")
    for condition in ("clear", "night", "fog"):
        write_drive(folder / "data" / condition, count=5, condition=condition)
    return folder


def train(
    world: Path, out: Path, prior: str = "prior", config: TranslatorConfig = CONFIG, **loop: Any
) -> Path:
    config = config.model_copy(
        update={"base": world / "base", "loop": config.loop.model_copy(update=loop), "frugal": True}
    )
    return train_translator(config, world / "data", [], world / prior, out)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.safetensors")}


@pytest.fixture(scope="module")
def whole(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "whole"
    train(world, out)
    return out


def die_and_go_on(monkeypatch: pytest.MonkeyPatch, run: Callable[[], object], dies_before: int) -> None:
    """A run that is killed where it asks for the batch of a step, and started again."""
    from acdepth.data.pools import UnpairedBatches

    give = UnpairedBatches.batch

    def die(self: UnpairedBatches, step: int) -> UnpairedBatch:
        if step == dies_before:
            raise KeyboardInterrupt
        return give(self, step)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(UnpairedBatches, "batch", die)
        run()
    torch.rand(7)  # what else the process has drawn decides nothing
    run()


@pytest.mark.slow
def test_a_run_that_dies_ends_with_the_bytes_of_an_unbroken_one(world, whole, tmp_path, monkeypatch):
    die_and_go_on(monkeypatch, lambda: train(world, tmp_path / "run"), dies_before=1)
    assert content(tmp_path / "run" / "adapters") == content(whole / "adapters")
    logs = [
        [(line["loss"], line["terms"]) for line in read_log(out / "log.jsonl")]
        for out in (tmp_path / "run", whole)
    ]
    assert logs[0] == logs[1] and len(logs[0]) == 3


def test_an_average_earlier_translations_and_the_published_way_survive_a_death(world, tmp_path, monkeypatch):
    published = ("updates", "adversarial_levels", "discriminator_augmentation", "clamp", "adapt_whole")
    config = CONFIG.model_copy(
        update={**ONE_WAY, "averaging": 0.9, "earlier_translations": 1, "identity_weight": 0.0}
        | {"identity_perceptual_weight": 0.0, "discriminator_updates": 2}
        | {name: getattr(TranslatorConfig(), name) for name in published}
    )
    whole = train(world, tmp_path / "whole", config=config, beta1=0.5)
    die_and_go_on(monkeypatch, lambda: train(world, tmp_path / "run", config=config, beta1=0.5), 2)
    assert content(tmp_path / "run" / "adapters") == content(whole) != {}
    last = train(world, tmp_path / "last", config=config.model_copy(update={"averaging": 0.0}), beta1=0.5)
    assert content(last) != content(whole)


@pytest.mark.slow
def test_what_a_run_leaves(world, whole):
    card = load_card(whole / "adapters")
    assert card.conditions == CONFIG.conditions and card.base_hash == base_hash(world / "base")
    loaded = load_translator(whole / "adapters", tiny_model(), card.base_hash, trainable=True)
    untrained = tiny_generator(stirred=False).trained()
    moved = {name for name, value in loaded.trained().items() if not torch.equal(value, untrained[name])}
    assert {name.split(".")[0] for name in moved} == {"unet", "vaes", "skips"}
    assert {path.name for path in (whole / "samples").iterdir()} == {
        f"step_{step:07d}.jpg" for step in (1, 2, 3)
    }
    terms = read_log(whole / "log.jsonl")[-1]["terms"]
    assert {
        "change_forth",
        "change_back",
        "depth",
        "discriminator_real",
        "identity_perceptual",
    } <= terms.keys()
    for file in (whole / "adapters").rglob("adapter_config.json"):
        assert json.loads(file.read_text())["base_model_name_or_path"] in (None, "")


@pytest.mark.slow
def test_a_run_with_another_prior_is_another_run(world, whole):
    with pytest.raises(UserError, match="other settings or data"):
        train(world, whole, prior="other prior")


@pytest.mark.slow
def test_other_adapters_to_start_from_are_refused_before_any_work(world, whole, tmp_path):
    config = CONFIG.model_copy(update={"base": world / "base"})
    lora = LORA.model_copy(update={"unet_rank": 5})
    with pytest.raises(UserError, match="adapters of rank 3 and 2, the settings ask for 5 and 2"):
        train_translator(
            config.model_copy(update={"lora": lora}), world / "data", [], world / "prior", tmp_path / "out",
            whole / "adapters",
        )  # fmt: skip
    assert not (tmp_path / "out").exists()

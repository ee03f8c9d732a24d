"""How img2img-turbo learns, as options beside our own way: the optimiser's steps, what is seen and saved."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from acdepth.core.batches import UnpairedBatch
from acdepth.core.identity import Identity
from acdepth.core.seeding import make_generator
from acdepth.engine import Leftovers, fit
from acdepth.translator.settings import TranslatorConfig
from acdepth.translator.task import TranslatorTask
from tests.translator.test_training import CONFIG, ONE_WAY, batch, play, task, toward
from tests.translator.tiny import FOG, NIGHT, gradients, indices

APART = {"updates": "apart"}
NOT_STILL = {"identity_weight": 0.0, "identity_perceptual_weight": 0.0}


class Same:
    """The same batch at every step."""

    def batch(self, step: int) -> UnpairedBatch:
        return batch()


def events(played: TranslatorTask, folder: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What one step of the loop does, in order: passes there and back, clipping, the optimiser's steps."""
    seen: list[str] = []
    forward, step, clip = played.forward, torch.optim.AdamW.step, torch.nn.utils.clip_grad_norm_

    def watched(*given: Any) -> dict[str, Tensor]:
        terms, turn = forward(*given), given[3]
        seen.append(turn)
        next(iter(terms.values())).register_hook(lambda _: seen.append(f"{turn} back"))
        return terms

    def stepped(optimizer: torch.optim.AdamW, *given: Any) -> Any:
        learning = {
            id(one) for group in optimizer.param_groups for one in group["params"] if one.grad is not None
        }
        named = [name for name, one in played.named_parameters() if id(one) in learning]
        seen.append(f"step {' '.join(sorted({name.partition('.')[0] for name in named}))}")
        return step(optimizer, *given)

    def clipped(*given: Any, **more: Any) -> Any:
        seen.append("clip")
        return clip(*given, **more)

    monkeypatch.setattr(played, "forward", watched)
    monkeypatch.setattr(torch.optim.AdamW, "step", stepped)
    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", clipped)
    loop = CONFIG.loop.model_copy(update={"steps": 1})
    fit("test", played, lambda rank, processes: Same(), loop, folder, Identity())
    return seen


GENERATOR, DISCRIMINATOR = ["clip", "step generator"], ["clip", "step discriminator"]


def turn(*names: str) -> list[str]:
    """Each pass is gone back through before the next begins, so that one lies in memory at a time."""
    return [one for name in names for one in (name, f"{name} back")]


FAKE, REAL = [*turn("discriminator_fake"), *DISCRIMINATOR], [*turn("discriminator_real"), *DISCRIMINATOR]
STEPS = {
    "apart": (
        APART,
        [
            *(*turn("hold_forth", "hold_back"), *GENERATOR),
            *(*turn("deceive_forth", "deceive_back"), *GENERATOR),
            *(*turn("identity"), *GENERATOR),
            *(*FAKE, *REAL),
        ],
    ),
    "together": (
        {},
        [*turn("forth", "back", "identity"), *GENERATOR, *turn("discriminator"), *DISCRIMINATOR],
    ),
    "apart, one way, two updates of the discriminator": (
        {**APART, **ONE_WAY, **NOT_STILL, "discriminator_updates": 2},
        [
            *(*turn("hold_forth"), *GENERATOR),
            *(*turn("deceive_forth"), *GENERATOR),
            *(*FAKE, *FAKE, *REAL, *REAL),
        ],
    ),
}


@pytest.mark.parametrize(("values", "expected"), STEPS.values(), ids=STEPS)
def test_the_optimisers_steps_of_one_step(values, expected, tmp_path, monkeypatch):
    assert events(task(**values), tmp_path, monkeypatch) == expected


@torch.no_grad()
@pytest.mark.parametrize("way", ["forth", "back"])
def test_apart_the_terms_are_the_same_and_none_is_there_twice(way):
    one, other = task(content_weight=3.0).eval(), task(content_weight=3.0, **APART).eval()
    together = play(one, way)
    held, deceived = play(other, f"hold_{way}"), play(other, f"deceive_{way}")
    assert not held.keys() & deceived.keys() and deceived.keys() == {f"adversarial_{way}"}
    torch.testing.assert_close(held | deceived, together)


@torch.no_grad()
def test_apart_the_discriminator_is_shown_what_was_made_to_deceive_it():
    played, left = task(**ONE_WAY, **APART).eval(), Leftovers()
    bad = indices(NIGHT, FOG)
    played(batch(), make_generator(0), 0.0, "hold_forth", left)
    assert not left.tensors and not left.statistics
    for parameter in played.generator.trained().values():  # the optimiser steps in between
        parameter.add_(0.01)
    made = played.generator(batch().clear * 2 - 1, bad, "forth")
    played(batch(), make_generator(0), 0.0, "deceive_forth", left)
    found = [
        played(batch(), make_generator(0), 0.0, f"discriminator_{side}", left) for side in ("fake", "real")
    ]
    scores = played.discriminator(made, bad), played.discriminator(batch().adverse * 2 - 1, bad)
    expected = (
        {"discriminator_fake": toward(scores[0], False)},
        {"discriminator_real": toward(scores[1], True)},
    )
    torch.testing.assert_close(found, list(expected))


def test_apart_the_average_follows_once_a_step_and_earlier_translations_are_drawn_for_made_images_only():
    played, left = task(averaging=0.9, earlier_translations=1, **APART), Leftovers()
    assert played.average is not None and played.earlier is not None
    played.earlier.images = torch.zeros(3, 3, 32, 48, dtype=torch.uint8)
    for update in played.updates:
        for turn in update.turns:
            played(batch(), make_generator(0), 0.0, turn, left)
            kept = int(played.earlier.counts.sum())
            assert kept == (3 if turn.startswith("discriminator") else 0)
    assert int(played.average.count) == 1


@torch.no_grad()
def test_over_the_discriminators_levels_losses_are_summed_or_averaged():
    turns = "forth", "back", "discriminator"
    for name in ("forth", "discriminator"):
        upto = turns[: turns.index(name) + 1]
        mean, summed = (play(task(adversarial_levels=how).eval(), *upto) for how in ("mean", "sum"))
        for term, value in mean.items():
            factor = 2 if "adversarial" in term or "discriminator" in term else 1  # two scales of patches
            torch.testing.assert_close(summed[term], factor * value)


class Watching(nn.Module):
    """A discriminator of one level that keeps what it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Tensor] = []

    def forward(self, image: Tensor, condition: Tensor) -> list[Tensor]:
        self.seen.append(image)
        return [image.mean((1, 2, 3))]


def watched(seed: int = 0, **values: Any) -> tuple[TranslatorTask, list[Tensor]]:
    """What a discriminator sees in a step: what is made, real images, and what was made."""
    played, left = task(**ONE_WAY, **values).eval(), Leftovers()
    watching: Any = Watching()
    played.discriminator = watching
    generator = make_generator(seed)
    for turn in ("forth", "discriminator"):
        terms = played(batch(), generator, 0.0, turn, left)
        if turn == "forth":
            terms["adversarial_forth"].backward()
    return played, watching.seen


def test_the_discriminator_sees_real_and_made_images_augmented_and_the_generator_learns_through_it():
    _, plain = watched()
    played, seen = watched(discriminator_augmentation=("translation", "cutout"))
    assert torch.equal(plain[0].detach(), plain[2]) and torch.equal(plain[1], batch().adverse * 2 - 1)
    for one, other in zip(plain, seen, strict=True):
        assert not torch.allclose(one, other) and bool((other == 0).all(1).any())
    assert not torch.allclose(seen[0], seen[2])  # draws of its own each time
    assert any(bool(one.any()) for one in gradients(played.generator).values())
    _, again = watched(discriminator_augmentation=("translation", "cutout"))
    assert all(torch.equal(one, other) for one, other in zip(seen, again, strict=True))


class Brighter(nn.Module):
    """A generator that multiplies."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(2.0))

    def forward(self, image: Tensor, condition: Tensor, way: str) -> Tensor:
        return self.gain * image


@pytest.mark.parametrize(
    ("clamp", "made", "gradient"), [(True, [1.0, 0.5, -1.0], 0.25), (False, [1.8, 0.5, -1.2], 0.55)]
)
def test_what_lies_beyond_the_range_is_cut_and_teaches_nothing(clamp, made, gradient):
    played, brighter = task(clamp=clamp), Brighter()
    played.generator = brighter  # pyright: ignore[reportAttributeAccessIssue]
    found = played.make(torch.tensor([0.9, 0.25, -0.6]), indices(NIGHT), "forth")
    torch.testing.assert_close(found, torch.tensor(made))
    found.sum().backward()
    assert brighter.gain.grad is not None
    torch.testing.assert_close(brighter.gain.grad, torch.tensor(gradient))


def test_every_translation_is_kept_in_range():
    """There, back and standing still: what a loss sees of them is the clamped one."""
    for turn in ("forth", "back", "identity"):
        played = task(clamp=True, adversarial_weight=0.0, depth_weight=0.0)
        brighter = Brighter()
        brighter.gain.data.fill_(1e6)
        played.generator = brighter  # pyright: ignore[reportAttributeAccessIssue]
        torch.stack(list(play(played, turn).values())).sum().backward()
        assert not gradients(brighter)["gain"].any(), turn


def test_the_published_way_is_the_default():
    config = TranslatorConfig()
    assert config.loop.weight_decay == 1e-2 and config.loop.precision == "fp32"
    assert (config.loop.beta1, config.loop.gradient_clip, config.loop.accumulate) == (0.9, 10.0, 1)
    assert (config.updates, config.adversarial_levels, config.clamp) == ("apart", "sum", True)
    assert config.discriminator_augmentation == ("colour", "translation", "cutout")
    assert (config.skip_start, config.adapt_whole) == (1e-5, True)
    assert (config.resize, config.translate_size) == ("lanczos", "trained")

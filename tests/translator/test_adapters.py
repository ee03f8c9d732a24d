"""A translator in a folder: what was saved is what is loaded, and what does not fit is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors import safe_open
from torch import nn

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.translator.adapters import (
    TranslatorCard,
    base_hash,
    load_card,
    load_translator,
    merge,
    save_translator,
)
from acdepth.translator.generator import DIRECTIONS, Generator
from tests.diffusion.tiny import random_image, tiny_model
from tests.translator.tiny import CLEAR, FOG, LORA, NIGHT, indices, stir, tiny_generator

CARD = TranslatorCard(
    base="shipped",
    base_hash="the base",
    conditions=(Condition.NIGHT, Condition.FOG),
    image_size=(32, 48),
    lora=LORA,
)
ADAPTERS = ("unet", "vae_forth", "vae_back")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("translator") / "adapters"
    save_translator(folder, tiny_generator(), CARD)
    return folder


@pytest.fixture
def copied(saved: Path, tmp_path: Path) -> Path:
    return shutil.copytree(saved, tmp_path / "adapters")


@torch.no_grad()
def translations(generator: Generator) -> list[torch.Tensor]:
    """Both ways, all conditions."""
    image = random_image().to(generator.prompts.dtype)
    there = generator(image, indices(NIGHT, FOG), "forth")
    return [there, generator(image, indices(CLEAR, CLEAR), "back")]


def refusal(folder: Path, given_hash: str = "the base") -> str:
    with pytest.raises(UserError) as caught:
        load_translator(folder, tiny_model(), given_hash)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def change_json(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


class TestFolder:
    def test_what_was_saved_is_what_is_loaded(self, saved):
        made, loaded = tiny_generator(), load_translator(saved, tiny_model(), "the base").eval()
        assert loaded.conditions == made.conditions
        first, second = made.state_dict(), loaded.state_dict()
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first)
        for a, b in zip(translations(made.double()), translations(loaded.double()), strict=True):
            assert torch.equal(a, b)

    @torch.no_grad()
    def test_further_conditions_come_on_top_of_those_it_knows(self, saved):
        known = load_translator(saved, tiny_model(), "the base").eval()
        more = load_translator(saved, tiny_model(), "the base", also=(Condition.NIGHT, Condition.SNOW)).eval()
        assert more.conditions == (*known.conditions, Condition.SNOW)
        night = random_image(), indices(NIGHT, FOG), "forth"
        assert torch.allclose(more(*night), known(*night), atol=1e-6)
        snow = more(random_image(), indices(Condition.SNOW.index, Condition.SNOW.index), "forth")
        assert not torch.allclose(snow, more(*night), atol=1e-3)
        assert load_card(saved) == CARD

    def test_peft_reads_each_part_by_itself(self, saved):
        made, model = tiny_generator(), tiny_model()
        read = PeftModel.from_pretrained(model.unet, str(saved / "unet"))  # pyright: ignore
        first, second = made.unet.state_dict(), read.state_dict()
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first)
        for direction in DIRECTIONS:
            vae = tiny_model().vae
            read = PeftModel.from_pretrained(vae, str(saved / f"vae_{direction}"))  # pyright: ignore
            first, second = made.vaes[direction].state_dict(), read.state_dict()
            assert all(torch.equal(first[name], second[name]) for name in first)

    def test_it_holds_adapters_only(self, saved):
        files = sorted(str(path.relative_to(saved)) for path in saved.rglob("*") if path.is_file())
        parts = [
            f"{one}/{name}"
            for one in ADAPTERS
            for name in ("adapter_config.json", "adapter_model.safetensors")
        ]
        assert files == sorted([*parts, "card.json", "skips.safetensors"])
        for part in ADAPTERS:
            with safe_open(saved / part / "adapter_model.safetensors", "pt") as stored:
                names = list(stored.keys())
            assert names and all(".lora_" in name or ".conv_in." in name for name in names)

    def test_loaded_to_answer_nothing_learns(self, saved):
        assert not load_translator(saved, tiny_model(), "the base").trained()

    def test_loaded_to_learn_on_the_same_learns_as_before(self, saved):
        loaded = load_translator(saved, tiny_model(), "the base", trainable=True)
        assert loaded.trained().keys() == tiny_generator().trained().keys()

    def test_saving_that_fails_leaves_what_was_there(self, copied, monkeypatch):
        before = {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}

        def fail(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        generator = tiny_generator()
        monkeypatch.setattr(generator.vaes["back"], "save_pretrained", fail)
        with pytest.raises(UserError, match="No space left"):
            save_translator(copied, generator, CARD)
        assert before == {path: path.read_bytes() for path in copied.parent.rglob("*") if path.is_file()}


class TestAdaptersOnWhatIsTrainedWhole:
    """The skips and the UNet's first convolution: W + scale * B A while training, W in the files."""

    def layers(self, generator: Any) -> dict[str, tuple[Any, float]]:
        """With their adapters' scale: 1 in the UNet, 2 in the autoencoders, as elsewhere in them."""
        first = generator.unet.get_base_model().conv_in.modules_to_save["default"]
        skips = generator.skips.named_modules()
        return {"conv_in": (first, 1.0)} | {
            name: (layer, 2.0) for name, layer in skips if isinstance(layer, nn.Conv2d)
        }

    def adapted(self) -> Generator:
        generator = tiny_generator()
        generator.adapt_whole(LORA, seed=0)
        return generator

    def test_they_begin_at_nothing_and_learn_beside_the_whole(self):
        plain, generator = tiny_generator(), self.adapted()
        for a, b in zip(translations(plain), translations(generator), strict=True):
            assert torch.equal(a, b)
        more = generator.trained().keys() - plain.trained().keys()
        added = {name for name in more if name.endswith((".lora_A", ".lora_B"))}
        assert len(added) == 2 * len(self.layers(generator)) == 2 * (1 + 2 * 4)
        assert {name.rpartition(".")[2] for name in more - added} == {"original"}
        ranks = {
            layer.parametrizations.weight[0].lora_A.shape[0] for layer, _ in self.layers(generator).values()
        }
        assert ranks == {LORA.unet_rank, LORA.vae_rank}

    @torch.no_grad()
    def test_what_is_saved_has_them_added_in(self, tmp_path):
        generator = self.adapted()
        stir(generator, seed=1)
        expected = {}
        for name, (layer, scale) in self.layers(generator).items():
            adapter, whole = layer.parametrizations.weight[0], layer.parametrizations.weight.original
            product = torch.einsum("or,rihw->oihw", adapter.lora_B, adapter.lora_A)
            expected[name] = whole + scale * product
            assert product.abs().max() > 0
        before = translations(generator)
        save_translator(tmp_path / "saved", generator, CARD)
        loaded = load_translator(tmp_path / "saved", tiny_model(), "the base", trainable=True).eval()
        for name, (layer, _) in self.layers(loaded).items():
            torch.testing.assert_close(layer.weight, expected[name], msg=name)
        assert loaded.trained().keys() == tiny_generator().trained().keys()
        for a, b, c in zip(before, translations(loaded), translations(generator), strict=True):
            torch.testing.assert_close(b, a, atol=1e-4, rtol=0)
            assert torch.equal(a, c), "saving leaves the generator as it was"

    def test_the_seed_decides_them_and_nobody_elses_draws(self):
        before = torch.random.get_rng_state()
        first, again = self.adapted().trained(), self.adapted().trained()
        assert torch.equal(torch.random.get_rng_state(), before)
        assert all(torch.equal(first[name], again[name]) for name in first)


class TestRefusals:
    def test_another_base(self, saved):
        message = refusal(saved, given_hash="another")
        assert "was trained on another base model" in message and "shipped" in message

    def test_no_translator(self, tmp_path):
        assert "no translator; it needs card.json" in refusal(tmp_path)

    @pytest.mark.parametrize("part", ADAPTERS)
    @pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
    def test_a_missing_file_is_named(self, copied, part, name):
        (copied / part / name).unlink()
        assert f"{copied / part / name}: missing" in refusal(copied)

    def test_missing_skips_are_named(self, copied):
        (copied / "skips.safetensors").unlink()
        assert str(copied / "skips.safetensors") in refusal(copied)

    @pytest.mark.parametrize("part", ADAPTERS)
    def test_another_rank(self, copied, part):
        change_json(copied / part / "adapter_config.json", r=5)
        assert f"{copied / part}: the adapters do not fit this model" in refusal(copied)

    @pytest.mark.parametrize("part", ADAPTERS)
    def test_damaged_weights(self, copied, part):
        file = copied / part / "adapter_model.safetensors"
        file.write_bytes(file.read_bytes()[:500])
        assert str(copied / part) in refusal(copied)

    def test_weights_of_a_smaller_set_of_layers(self, copied):
        """peft only warns of it."""
        change_json(copied / "vae_forth" / "adapter_config.json", target_modules=["conv_in", "quant_conv"])
        assert "do not fit" in refusal(copied)

    def test_adapters_of_another_network(self, copied):
        shutil.rmtree(copied / "unet")
        shutil.copytree(copied / "vae_back", copied / "unet")
        assert f"{copied / 'unet'}: the adapters do not fit" in refusal(copied)

    @pytest.mark.parametrize("part", ADAPTERS)
    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"r": 10**6}, "r = 1000000: is not within 1 to 2048; usual is 4 to 128"),
            ({"r": "8"}, "r = '8'"),
            ({"lora_alpha": 1e30}, "lora_alpha = 1e+30: is not within"),
            ({"target_modules": "(a+)+$|" * 30 + "b"}, "target_modules = "),
            ({"target_modules": ["conv1", 7]}, "target_modules"),
            ({"use_dora": True}, "use_dora = True: only plain LoRA adapters are read"),
            ({"rank_pattern": {"conv_in": 10**9}}, "rank_pattern = {'conv_in': 1000000000}: only plain"),
            ({"peft_type": "IA3"}, "peft_type is not LORA"),
            ({"modules_to_save": ["conv1"]}, "do not fit this model"),
        ],
    )
    def test_configs_that_ask_for_more_than_plain_adapters(self, copied, part, values, words):
        change_json(copied / part / "adapter_config.json", **values)
        assert words in refusal(copied)

    def test_no_config_makes_peft_import_a_module(self, copied, tmp_path, monkeypatch):
        (tmp_path / "stranger.py").write_text("raise SystemExit('a stranger was imported')")
        monkeypatch.syspath_prepend(tmp_path)
        config = copied / "unet" / "adapter_config.json"
        change_json(config, megatron_config={"a": 1}, megatron_core="stranger")
        assert "megatron_config = {'a': 1}: only plain LoRA adapters are read" in refusal(copied)
        named = {"base_model_class": "stranger", "parent_library": "stranger"}
        change_json(config, megatron_config=None, auto_mapping=named, base_model_name_or_path="stranger/x")
        load_translator(copied, tiny_model(), "the base")

    def test_another_version(self, copied):
        change_json(copied / "card.json", format=99)
        assert "format 99, this version reads" in refusal(copied)


class TestMerging:
    def test_merged_gives_the_same_in_both_directions(self):
        generator = tiny_generator().double()  # an untrained network amplifies float32's rounding
        before = translations(generator)
        after = translations(merge(generator))
        for a, b in zip(before, after, strict=True):
            torch.testing.assert_close(b, a, atol=1e-5, rtol=1e-5)
        assert not torch.allclose(*before, atol=1e-2)

    def test_merged_the_directions_have_weights_of_their_own(self):
        generator = merge(tiny_generator())
        forth, back = (generator.vaes[direction] for direction in DIRECTIONS)
        for name, weight in forth.named_parameters():
            other = back.get_parameter(name)
            assert weight is not other and weight.data_ptr() != other.data_ptr()
        assert not any(isinstance(module, PeftModel) for module in generator.modules())
        assert not any("lora" in name for name, _ in generator.named_parameters())

    def test_merging_again_changes_nothing(self):
        generator = merge(tiny_generator())
        before = translations(generator)
        assert all(torch.equal(a, b) for a, b in zip(before, translations(merge(generator)), strict=True))


class TestBaseHash:
    def test_it_tells_each_part_apart_and_passes_over_half_precision_copies(self, tmp_path):
        tiny_model().save(tmp_path)
        hashes = [base_hash(tmp_path)]
        (tmp_path / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(b"half")
        assert base_hash(tmp_path) == hashes[0]
        for part in ("unet", "vae", "text_encoder"):
            getattr(tiny_model(seed=1), part).save_pretrained(tmp_path / part)
            hashes.append(base_hash(tmp_path))
        assert len(set(hashes)) == 4

    def test_a_folder_without_weights(self, tmp_path):
        with pytest.raises(UserError, match="holds no safetensors weights"):
            base_hash(tmp_path)

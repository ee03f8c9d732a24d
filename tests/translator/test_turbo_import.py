"""Published CycleGAN-Turbo files translate here as they do in the code that wrote them."""

import os
from pathlib import Path

import pytest
import torch

from acdepth.cli.main import main
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file
from acdepth.diffusion.model import DiffusionModel
from acdepth.diffusion.tiny import TinyDiffusionConfig
from acdepth.translator.adapters import base_hash, load_card, load_translator, save_translator
from acdepth.translator.turbo_file import read_turbo
from acdepth.translator.turbo_import import import_turbo
from tests.translator.published_turbo import PublishedTurbo

TINY = TinyDiffusionConfig(
    autoencoder="kl",
    vae_channels=(8, 16, 24, 32),
    latent_channels=4,
    unet_channels=(32, 32, 64),
    text_width=32,
)
NIGHT = "driving in the night"


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    TINY.build(seed=1).save(folder)
    return folder


@pytest.fixture(scope="module")
def published(base) -> PublishedTurbo:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return PublishedTurbo(DiffusionModel.from_pretrained(base))


@pytest.fixture
def content(published) -> dict:
    return {
        name: dict(value) if hasattr(value, "keys") else value for name, value in published.content().items()
    }


def image() -> torch.Tensor:
    return torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(2)) * 2 - 1


def write(content: dict, folder: Path) -> Path:
    torch.save(content, folder / "night.pkl")
    return folder / "night.pkl"


def translate(folder: Path, base: Path, condition: Condition, way: str) -> torch.Tensor:
    generator = load_translator(folder, DiffusionModel.from_pretrained(base), base_hash(base))
    wanted = torch.full((2,), condition.index)
    with torch.no_grad():
        return generator(image(), wanted, way)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("direction", "opposite"), [("a2b", "b2a"), ("b2a", "a2b")])
def test_translations_are_those_of_the_published_code(published, base, tmp_path, direction, opposite):
    path = published.save(tmp_path / "day2night.pkl")
    card = import_turbo(path, tmp_path / "out", str(base), Condition.NIGHT, direction)
    assert card == load_card(tmp_path / "out")
    assert (card.image_size, card.translate_size) == ((512, 512), "trained")
    assert card.made_by["sha256"] == hash_file(path) and "day2night.pkl" in card.description
    forth = translate(tmp_path / "out", base, Condition.NIGHT, "forth")
    back = translate(tmp_path / "out", base, Condition.CLEAR, "back")
    # Skips are merged in ours, so float32 adds in another order, and normalisations make more of it.
    torch.testing.assert_close(forth, published(image(), NIGHT, direction), atol=1e-4, rtol=0)
    day = published(image(), "driving in the day", opposite)
    torch.testing.assert_close(back, day, atol=1e-4, rtol=0)
    assert (forth - back).abs().max() > 1e-2


def test_the_words_it_was_trained_with_go_along(published, base, tmp_path):
    path = published.save(tmp_path / "storm.pkl")
    import_turbo(path, tmp_path / "out", str(base), Condition.RAIN, prompt="storm")
    made = translate(tmp_path / "out", base, Condition.RAIN, "forth")
    torch.testing.assert_close(made, published(image(), "storm", "a2b"), atol=1e-5, rtol=1e-5)
    other = published(image(), "driving in heavy rain", "a2b")
    assert (made - other).abs().max() > 1e-4


@pytest.mark.parametrize("spelling", ["{layer}.{adapter}.lora_{half}", "{layer}.lora_{half}.{adapter}"])
def test_adapters_may_be_named_in_the_keys(published, content, tmp_path, spelling):
    plain = read_turbo(write(content, tmp_path)).unet
    for entry, adapter in (("sd_encoder", "default_encoder"), ("sd_other", "default_others")):
        content[entry] = {
            spelling.format(layer=name[: -len(".lora_A.weight")], half=name[-8], adapter=adapter)
            + ".weight": one
            for name, one in content[entry].items()
        }
    assert read_turbo(write(content, tmp_path)).unet.keys() == plain.keys()


def test_the_first_layer_may_be_there_whole(published, content, base, tmp_path):
    layer = published.unet.conv_in
    low_rank = [content["sd_encoder"].pop(f"conv_in.lora_{half}.weight") for half in "AB"]
    change = torch.einsum("or,rihw->oihw", low_rank[1].flatten(1), low_rank[0])
    content["sd_encoder"]["conv_in.weight"] = layer.base_layer.weight.detach() + change
    import_turbo(write(content, tmp_path), tmp_path / "out", str(base), Condition.NIGHT)
    made = translate(tmp_path / "out", base, Condition.NIGHT, "forth")
    # One sum of weights in place of two of outputs: more is rounded otherwise than elsewhere in this file.
    torch.testing.assert_close(made, published(image(), NIGHT, "a2b"), atol=5e-5, rtol=1e-5)


def test_skips_may_have_no_adapters(published, content, base, tmp_path):
    content["vae_lora_target_modules"] = [
        name for name in content["vae_lora_target_modules"] if "skip" not in name
    ]
    for entry in ("sd_vae_enc", "sd_vae_dec"):
        for name in [name for name in content[entry] if "skip_conv" in name]:
            value = content[entry].pop(name)
            if "base_layer" in name:
                content[entry][name.replace(".base_layer", "")] = value
    import_turbo(write(content, tmp_path), tmp_path / "out", str(base), Condition.NIGHT)
    skips = load_translator(tmp_path / "out", DiffusionModel.from_pretrained(base), base_hash(base)).skips
    expected = published.vae.decoder.skip_conv_1.base_layer.weight
    assert torch.equal(skips["forth"][0].weight, expected)  # pyright: ignore[reportIndexIssue]


def test_they_can_be_trained_on_with_adapters_on_what_learns_whole(published, base, tmp_path):
    """The first convolution has one already; the skips get one."""
    card = import_turbo(published.save(tmp_path / "night.pkl"), tmp_path / "out", str(base), Condition.NIGHT)
    model = DiffusionModel.from_pretrained(base)
    generator = load_translator(tmp_path / "out", model, base_hash(base), trainable=True)
    before = set(generator.trained())
    generator.adapt_whole(card.lora, seed=0)
    more = {name.rpartition(".")[2]: name.partition(".")[0] for name in generator.trained().keys() - before}
    assert more == dict.fromkeys(("original", "lora_A", "lora_B"), "skips")
    save_translator(tmp_path / "again", generator, card)
    first, again = (translate(tmp_path / name, base, Condition.NIGHT, "forth") for name in ("out", "again"))
    assert torch.equal(first, again)


KEY, SKIP = "vae.encoder.conv_in", "vae.decoder.skip_conv_2"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("rank_unet"), "1 missing: rank_unet"),
        (lambda c: c.update(extra=1), "1 not understood: extra"),
        (lambda c: c.update(rank_vae=0), "rank_vae is 0"),
        (lambda c: c.update(rank_unet=2), r"rank 2\): .*lora_A.weight has shape"),
        (lambda c: c.update(rank_vae=2), r"rank 2\): .*lora_A.weight has shape"),
        (lambda c: c.update(sd_other=[1]), "sd_other is a list"),
        (lambda c: c.update(l_modules_others=[1]), "something other than names"),
        (lambda c: c["sd_encoder"].pop("conv_in.lora_A.weight"), "1 missing: conv_in.lora_A.weight"),
        (lambda c: c["sd_encoder"].update(odd=torch.ones(1)), "1 not understood: odd"),
        (lambda c: c["sd_encoder"].update(odd="text"), "odd in sd_encoder is no floating-point tensor"),
        (lambda c: c["sd_encoder"]["conv_in.lora_A.weight"].fill_(torch.nan), "not finite"),
        (lambda c: c["sd_vae_dec"].update({"odd.weight": torch.ones(1)}), "odd.weight is not understood"),
        (lambda c: c["sd_vae_dec"].update({"vae.odd.weight": torch.ones(1)}), "1 not understood: odd.weight"),
        (lambda c: c["sd_vae_dec"][f"{KEY}.base_layer.weight"].add_(1), "stands on another base model"),
        (lambda c: c["sd_vae_dec"].update({f"{KEY}.lora_A.bias": torch.ones(1)}), "conv_in.lora_A.bias"),
        (lambda c: _drop_from_both(c, f"{SKIP}.base_layer.weight"), "skip_conv_2.base_layer"),
        (lambda c: _rename(c, "mid_block.attentions.0.proj_in", "mid_block.nothing"), "mid_block.nothing"),
        (lambda c: _also_elsewhere(c), "another list names too"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(content, base, tmp_path, change, said):
    for entry in ("sd_encoder", "sd_vae_enc", "sd_vae_dec"):
        content[entry] = {name: value.clone() for name, value in content[entry].items()}
    change(content)
    with pytest.raises(UserError, match=said) as refused:
        import_turbo(write(content, tmp_path), tmp_path / "out", str(base), Condition.NIGHT)
    assert "\n" not in str(refused.value) and not (tmp_path / "out").exists()


def _drop_from_both(content: dict, name: str) -> None:
    for entry in ("sd_vae_enc", "sd_vae_dec"):
        content[entry].pop(name)


def _rename(content: dict, old: str, new: str) -> None:
    content["l_modules_others"] = [name.replace(old, new) for name in content["l_modules_others"]]
    content["sd_other"] = {name.replace(old, new): value for name, value in content["sd_other"].items()}


def _also_elsewhere(content: dict) -> None:
    content["l_modules_others"] = [*content["l_modules_others"], "conv_in"]
    for half in "AB":
        content["sd_other"][f"conv_in.lora_{half}.weight"] = content["sd_encoder"][
            f"conv_in.lora_{half}.weight"
        ]


class Code:
    def __reduce__(self):
        return os.mkdir, ("executed",)


def test_code_is_refused_and_not_executed(content, base, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="would have to be executed"):
        import_turbo(
            write(content | {"more": Code()}, tmp_path), tmp_path / "out", str(base), Condition.NIGHT
        )
    assert not (tmp_path / "executed").exists()


def test_other_folders_are_not_replaced(published, base, tmp_path):
    (tmp_path / "photos").mkdir()
    path = published.save(tmp_path / "night.pkl")
    with pytest.raises(UserError, match="is no translator"):
        import_turbo(path, tmp_path / "photos", str(base), Condition.NIGHT)


def test_the_command(published, base, tmp_path, monkeypatch, capsys):
    path = str(published.save(tmp_path / "night2day.pkl"))
    command = [
        "acdepth",
        "import",
        path,
        str(tmp_path / "out"),
        "--kind",
        "img2img-turbo",
        "--base",
        str(base),
    ]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit):
        main()
    assert "needs --condition" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", [*command, "--condition", "night", "--direction", "a2b"])
    main()
    assert "night2day.pkl, a2b: clear to night" in capsys.readouterr().out
    assert load_card(tmp_path / "out").conditions == (Condition.NIGHT,)

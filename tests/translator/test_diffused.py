"""Translation by a trained translator: the same bytes after kills and with any number of processes."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from acdepth.core.command import COMMAND_FILE
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import read_json, write_json
from acdepth.data.folder import open_data
from acdepth.data.manifest import Manifest
from acdepth.translator.adapters import TranslatorCard, base_hash, load_card, save_translator
from acdepth.translator.diffused import DiffusedWeather
from acdepth.translator.generator import Generator
from acdepth.translator.translate import TranslateSettings, translate
from tests.data.folders import write_drive
from tests.diffusion.tiny import tiny_model
from tests.translator.tiny import LORA, NIGHT, indices, tiny_generator

BOTH = ("night", "fog")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    tiny_model().save(folder)
    return folder


@pytest.fixture(scope="module")
def weights(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("translator") / "adapters"
    card = TranslatorCard(
        base=str(base),
        base_hash=base_hash(base),
        conditions=(Condition.NIGHT, Condition.FOG),
        image_size=(32, 48),
        lora=LORA,
    )
    save_translator(folder, learned(), card)
    return folder


def learned() -> Generator:
    return tiny_generator()


def test_it_is_the_generator_merged(weights: Path) -> None:
    image = torch.rand(3, 3, 27, 45, generator=torch.Generator().manual_seed(0))
    translator = DiffusedWeather(weights, precision="fp32")
    made = translator.translate(image, None, Condition.NIGHT, [])
    with torch.no_grad():
        wanted = learned()(image * 2 - 1, indices(NIGHT, NIGHT, NIGHT), "forth") / 2 + 0.5
    torch.testing.assert_close(made, wanted.clamp(0, 1), atol=2e-4, rtol=0)
    assert (made - image).abs().mean() > 0.01
    assert torch.equal(translator.translate(image[1:2], None, Condition.NIGHT, []), made[1:2])
    assert translator.conditions == {Condition.NIGHT, Condition.FOG}


def test_a_larger_image_has_no_frame(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    translator = DiffusedWeather(weights, precision="fp32")

    def frame() -> float:
        """By how much a plain image's border comes out otherwise than its middle."""
        made = translator.translate(torch.full((1, 3, 128, 128), 0.3), None, Condition.NIGHT, [])
        return float((made[..., :8, 64:72] - made[..., 64:72, 64:72]).abs().mean())

    mended = frame()
    monkeypatch.setattr("acdepth.translator.diffused.MARGIN", 0)
    assert mended < 0.25 * frame()


def test_the_card_or_else_the_caller_says_at_which_size(weights: Path, tmp_path: Path) -> None:
    squeezed = with_values(weights, tmp_path / "squeezed", "card.json", translate_size="trained")
    silent = shutil.copytree(weights, tmp_path / "silent")  # as it was written before there was a choice
    card = read_json(silent / "card.json")
    del card["translate_size"]
    write_json(silent / "card.json", card)
    first, other = DiffusedWeather(squeezed), DiffusedWeather(silent)
    assert (first.size, other.size) == ((32, 48), None) and first.describe() == other.describe()
    assert DiffusedWeather(silent, translate_size="trained").size == (32, 48)
    assert DiffusedWeather(squeezed, translate_size="source").size is None


def test_in_bfloat16_it_stays_close_and_says_so(weights: Path) -> None:
    image = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    exact, rounded = DiffusedWeather(weights, precision="fp32"), DiffusedWeather(weights, precision="bf16")
    made = [one.translate(image, None, Condition.FOG, []) for one in (exact, rounded)]
    assert 0 < (made[0] - made[1]).abs().mean() < 0.05
    assert [one.describe()["computed"] for one in (exact, rounded)] == ["cpu float32", "cpu bfloat16"]


def test_what_shapes_it_is_told(weights: Path, tmp_path: Path) -> None:
    save_translator(tmp_path / "other", tiny_generator(seed=1), load_card(weights))
    first, other = DiffusedWeather(weights).describe(), DiffusedWeather(tmp_path / "other").describe()
    assert {key for key in first if first[key] != other[key]} == {"adapters"}


def with_values(folder: Path, copy: Path, file: str, **values: object) -> Path:
    """A copy of a model's folder with some values of a JSON file changed."""
    shutil.copytree(folder, copy)
    write_json(copy / file, {**read_json(copy / file), **values})
    return copy


@pytest.mark.parametrize("part", ["unet", "vae_forth"])
def test_how_adapters_are_put_on_is_told_and_broken_images_stop(
    weights: Path, tmp_path: Path, part: str
) -> None:
    broken = shutil.copytree(weights, tmp_path / "broken")
    file = broken / part / "adapter_model.safetensors"
    save_file({name: 1e30 * value for name, value in load_file(file).items()}, file)
    translator = DiffusedWeather(broken)
    first, other = DiffusedWeather(weights).describe(), translator.describe()
    assert {key for key in first if first[key] != other[key]} == {"adapters"}
    write_drive(tmp_path / "data" / "drive", count=2)
    settings, out = TranslateSettings((Condition.NIGHT,)), tmp_path / "out"
    with pytest.raises(UserError, match=r"into night by .*broken holds numbers that are not finite; train"):
        translate(open_data(tmp_path / "data"), out, translator, None, settings)
    assert not list(out.rglob("*.jpg"))


@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("scheduler/scheduler_config.json", {"beta_end": 0.02}),
        ("tokenizer/tokenizer_config.json", {"model_max_length": 7}),
        ("vae/config.json", {"scaling_factor": 0.5}),
    ],
)
def test_all_of_the_base_is_told(
    base: Path, weights: Path, tmp_path: Path, file: str, values: dict[str, object]
) -> None:
    other = DiffusedWeather(weights, with_values(base, tmp_path / "base", file, **values)).describe()
    first = DiffusedWeather(weights).describe()
    assert {key for key in first if first[key] != other[key]} == {"base_settings"}


def test_adapters_beside_the_weights_of_the_base_are_refused(
    base: Path, weights: Path, tmp_path: Path
) -> None:
    shutil.copytree(base, tmp_path / "base")
    (tmp_path / "base" / "text_encoder" / "adapter_config.json").write_text("{}")
    with pytest.raises(UserError, match=r"text_encoder.adapter_config\.json: adapters beside"):
        DiffusedWeather(weights, tmp_path / "base")


def test_equal_adapters_are_equal_files(weights: Path, tmp_path: Path) -> None:
    save_translator(tmp_path / "again", learned(), load_card(weights))
    assert content(tmp_path / "again") == content(weights)
    config = read_json(weights / "vae_forth" / "adapter_config.json")
    assert isinstance(config["target_modules"], str) or config["target_modules"] == sorted(
        config["target_modules"]
    )


def test_a_missing_base_and_a_wrong_one_are_named(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"vae.config\.json: missing"):
        DiffusedWeather(weights, tmp_path)
    tiny_model(seed=1).save(tmp_path / "other")
    with pytest.raises(UserError, match="trained on another base model"):
        DiffusedWeather(weights, tmp_path / "other")


def command(*arguments: object, processes: int = 1) -> list[str]:
    many = ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"]
    start = ["-m", *many] if processes > 1 else ["-m"]
    return [sys.executable, *start, "acdepth", "translate", *map(str, arguments)]


def content(out: Path) -> dict[str, bytes]:
    """Of all files but the one that tells by which command."""
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name != COMMAND_FILE]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.mark.slow
def test_two_processes_killed_three_times_give_the_bytes_of_one(weights: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_drive(tmp_path / "data" / name, count=40)
    options = ("--method", "diffusion", "--weights", weights, "--conditions", "night,fog", "--batch-size", 3)

    def start(out: Path, processes: int = 1) -> subprocess.Popen[bytes]:
        arguments = command(tmp_path / "data", out, *options, processes=processes)
        return subprocess.Popen(arguments, env=ENVIRONMENT, start_new_session=True)

    assert start(tmp_path / "whole").wait() == 0
    whole, draws = content(tmp_path / "whole"), random.Random(0)
    assert sum(name.endswith(".jpg") for name in whole) == 160
    out, points = tmp_path / "killed", sorted(draws.randrange(10, 150) for _ in range(3))
    for point in points:
        process = start(out, processes=2)
        while len(Manifest(out).entries) < point:
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert len(Manifest(out).entries) < 160
    assert start(out, processes=2).wait() == 0
    assert content(out) == whole

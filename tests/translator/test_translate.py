"""Translations are the same whatever the order of work, survive a kill, and are never mixed."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from acdepth.cli.translate import check
from acdepth.core.clip import Clip, Frame
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.images import read_image
from acdepth.data import Crop, open_data, prepare
from acdepth.data.manifest import Manifest
from acdepth.data.own.step import with_steps
from acdepth.data.translated import prepare_translations
from acdepth.networks.checkpoint import CheckpointCard, save_checkpoint
from acdepth.networks.depth_net import DepthNet, DepthNetConfig
from acdepth.translator import SimulatedWeather, TranslateSettings, Translator
from acdepth.translator.depth_source import MeasuredDepth, TeacherDepth
from acdepth.translator.translate import translate
from acdepth.weather import WEATHERS
from tests.data.folders import HEIGHT, WIDTH, picture, write_drive
from tests.data.rows import counting, rows

BOTH = (Condition.NIGHT, Condition.RAIN)


class Darker(Translator):
    """Half the light, and one draw per image: quick, and wrong if generators were shared."""

    conditions = frozenset(BOTH)

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause

    def describe(self) -> dict[str, Any]:
        return {"method": "darker"}

    def translate(
        self, image: Tensor, depth: Tensor, condition: Condition, generators: Sequence[torch.Generator]
    ) -> Tensor:
        time.sleep(self.pause)
        shifts = torch.stack([torch.rand(3, 1, 1, generator=generator) for generator in generators])
        return image / 2 + 0.5 * shifts * depth / 16


def run(data: Path, out: Path, translator: Translator | None = None, **settings: Any) -> Manifest:
    settings = {"conditions": BOTH, "format": "png", **settings}
    return translate(
        open_data(data), out, translator or Darker(), MeasuredDepth(), TranslateSettings(**settings)
    )


def content(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*.png"))}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_drive(folder / "a" / "clear", count=5, depth=True)
    write_drive(folder / "a" / "night", count=5, condition="night", depth=True)
    return folder


def test_files_and_manifest(data: Path, tmp_path: Path) -> None:
    manifest = run(data, tmp_path, seed=7)
    expected = {f"{c}/a/clear/images/{n:06d}.png" for c in BOTH for n in range(5)}
    assert set(content(tmp_path)) == expected
    entry = Manifest(tmp_path).entries[Condition.RAIN, "a/clear/images/000003.png"]
    assert (entry.condition, entry.seed) == ("rain", 7)
    assert not manifest.problems()


def test_a_frame_is_found_in_every_condition_it_was_translated_into(data: Path, tmp_path: Path) -> None:
    manifest = run(data, tmp_path)
    clear, night = sorted(open_data(data), key=lambda clip: clip.condition)
    found = manifest.translations(clear, 3)
    assert list(found) == ["night", "rain"]
    for condition, image in found.items():
        file = tmp_path / condition / "a/clear/images/000003.png"
        assert (image == read_image(file)).all()
    assert manifest.translations(night, 3) == {}


def test_order_batching_and_company_change_nothing(data: Path, tmp_path: Path) -> None:
    weather = SimulatedWeather()
    run(data, tmp_path / "a", weather, batch_size=4)
    run(data, tmp_path / "b", weather, batch_size=1, conditions=(Condition.RAIN,))
    run(data, tmp_path / "b", weather, batch_size=3, conditions=(Condition.RAIN, Condition.NIGHT))
    assert content(tmp_path / "a") == content(tmp_path / "b")
    run(data, tmp_path / "c", weather, seed=1)
    assert all(content(tmp_path / "c")[name] != value for name, value in content(tmp_path / "a").items())


@pytest.mark.slow
def test_any_number_of_processes_makes_the_same_files(data: Path, tmp_path: Path) -> None:
    chosen = TranslateSettings(tuple(WEATHERS), format="png", batch_size=3)
    for workers in (1, 2):
        out, done = tmp_path / str(workers), []
        translate(
            open_data(data), out, SimulatedWeather(), MeasuredDepth(), chosen, done.append, workers=workers
        )
        assert sum(done) == 5
    assert content(tmp_path / "1") == content(tmp_path / "2") and len(content(tmp_path / "1")) == 25
    one, two = (sorted((tmp_path / name / "manifest.jsonl").read_text().splitlines()) for name in "12")
    assert one == two


def test_a_method_of_one_process_is_not_given_several(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"workers 2: .* is made by one process here"):
        translate(open_data(data), tmp_path, Darker(), MeasuredDepth(), TranslateSettings(BOTH), workers=2)


def test_a_torn_last_line_costs_one_image(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path)
    path = tmp_path / "manifest.jsonl"
    path.write_text(path.read_text()[:-30])
    assert len(Manifest(tmp_path).entries) == 9
    assert len(run(data, tmp_path).entries) == 10
    assert len(path.read_text().splitlines()) == 10 and len(Manifest(tmp_path).entries) == 10


def test_what_is_there_is_not_made_again_unless_its_source_changed(tmp_path: Path) -> None:
    drive = write_drive(tmp_path / "data", count=3, depth=True)
    out = tmp_path / "out"
    run(drive, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    os.utime(drive / "images" / "000001.png", (1, 1))
    (out / "night" / "data" / "images" / "000002.png").unlink()
    run(drive, out)
    changed = {str(path.relative_to(out)) for path, at in before.items() if path.stat().st_mtime_ns != at}
    remade = ("night/data/images/000001.png", "rain/data/images/000001.png", "night/data/images/000002.png")
    assert changed == set(remade)


def test_other_settings_are_refused_by_name(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path)
    with pytest.raises(UserError, match=r"made with other settings \(seed: 0 → 1\)"):
        run(data, tmp_path, seed=1)
    with pytest.raises(UserError, match=r"made with other settings .*method: darker → simulate"):
        run(data, tmp_path, SimulatedWeather())


def test_problems_name_what_changed(data: Path, tmp_path: Path) -> None:
    manifest = run(data, tmp_path)
    files = sorted(tmp_path.rglob("*.png"))
    files[0].write_bytes(b"x")
    files[1].unlink()
    first, second = sorted(manifest.problems())
    assert first == f"{files[0]}: has changed since it was made" and second == f"{files[1]}: is missing"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"conditions": (Condition.SNOW,)}, "snow: this method cannot make it; choose from night, rain"),
        ({"crop": Crop(top=0, height=90, width=4)}, "reaches beyond its 40x24"),
    ],
)
def test_what_cannot_be_done(data: Path, tmp_path: Path, settings: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        run(data, tmp_path, **settings)


class OfOneSize(Translator):
    """Keeps what it is given, and gives its negative."""

    conditions, uses_depth = frozenset(BOTH), False

    def __init__(self, size: tuple[int, int] | None) -> None:
        self.size, self.given = size, []

    def describe(self) -> dict[str, Any]:
        return {"method": "negative"}

    def translate(
        self, image: Tensor, depth: Tensor | None, condition: Condition, generators: Sequence[torch.Generator]
    ) -> Tensor:
        self.given += list(image)
        return 1 - image


def as_one_size(data: Path, out: Path, size: tuple[int, int] | None, **settings: Any) -> list[Tensor]:
    """What a translator of that size is given."""
    translator = OfOneSize(size)
    chosen = TranslateSettings(**{"conditions": BOTH[:1], "format": "png", **settings})
    translate(open_data(data), out, translator, None, chosen)
    return translator.given


def lanczos(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """By Pillow itself."""
    return np.array(Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.LANCZOS))


@pytest.mark.parametrize(
    "settings", [{}, {"image_size": (18, 30)}, {"crop": Crop(top=4, height=20, width=40)}]
)
def test_images_are_squashed_to_the_trained_size_and_enlarged_again(data, tmp_path, settings) -> None:
    square, (given, *_) = (16, 16), as_one_size(data, tmp_path / "out", (16, 16), **settings)
    source = read_image(data / "a" / "clear" / "images" / "000000.png")
    source = source[4:] if "crop" in settings else source
    squashed = lanczos(source, square)
    assert torch.equal(given, torch.from_numpy(squashed).permute(2, 0, 1) / 255)
    made = read_image(tmp_path / "out" / "night" / "a" / "clear" / "images" / "000000.png")
    size = settings.get("image_size", source.shape[:2])
    assert made.shape[:2] == size and np.array_equal(made, lanczos(255 - squashed, size))


def test_at_the_size_of_the_source_nothing_is_resized(data: Path, tmp_path: Path) -> None:
    given = as_one_size(data, tmp_path, None)
    assert {one.shape for one in given} == {(3, HEIGHT, WIDTH)}
    made = read_image(tmp_path / "night" / "a" / "clear" / "images" / "000000.png")
    assert np.array_equal(255 - made, read_image(data / "a" / "clear" / "images" / "000000.png"))


def test_the_size_of_translation_is_part_of_what_they_are_unless_it_changes_nothing(data, tmp_path) -> None:
    """So that translations of before there was a choice stay good."""
    as_one_size(data, tmp_path, None)
    before = content(tmp_path), (tmp_path / "settings.json").read_bytes()
    as_one_size(data, tmp_path, (HEIGHT, WIDTH))
    assert before == (content(tmp_path), (tmp_path / "settings.json").read_bytes())
    with pytest.raises(UserError, match=r"other settings \(translated_at: nothing → \[16, 16\]\)"):
        as_one_size(data, tmp_path, (16, 16))
    given = as_one_size(data, tmp_path / "small", (16, 16), image_size=(16, 16))
    assert given and "translated_at" not in (tmp_path / "small" / "settings.json").read_text()


def test_without_clear_footage_or_depth(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no clear footage"):
        run(data / "a" / "night", tmp_path)
    drive = write_drive(tmp_path / "no_depth", count=2)
    with pytest.raises(UserError, match=r"000000\.png: has no dense measured depth"):
        run(drive, tmp_path / "out")


@pytest.mark.parametrize("severity", [(0.5, 0.2), (-0.1, 1.0), (0.0, 1.1)])
def test_severity_is_a_range(severity: tuple[float, float]) -> None:
    with pytest.raises(UserError, match="within"):
        SimulatedWeather(severity)


def test_the_teachers_depth(data: Path, tmp_path: Path) -> None:
    config = DepthNetConfig(width=8)
    card = CheckpointCard(network=config, input_size=(64, 96))
    save_checkpoint(tmp_path / "model.safetensors", DepthNet(config), card)
    source = TeacherDepth(tmp_path / "model.safetensors")
    images = list(np.random.default_rng(0).integers(0, 256, (3, HEIGHT, WIDTH, 3), np.uint8))
    frames = [Frame(open_data(data)[0], index) for index in range(3)]
    together = source.depth(images, frames, None)
    assert together.shape == (3, 1, HEIGHT, WIDTH) and together.min() > 0
    assert torch.equal(source.depth(images[1:2], frames[1:2], None), together[1:2])
    assert len(source.describe()["weights"]) == 64


class Flat(MeasuredDepth):
    """A network that sees nothing."""

    predicted = True

    def depth(self, images: Sequence[np.ndarray], frames: Sequence[Frame], crop: Crop | None) -> Tensor:
        return torch.full((len(images), 1, HEIGHT, WIDTH), 20.0)


def test_depth_that_looks_wrong_is_told_once(data: Path, tmp_path: Path) -> None:
    said: list[str] = []
    settings = TranslateSettings(BOTH, batch_size=2)
    translate(open_data(data), tmp_path, Darker(), Flat(), settings, on_warning=said.append)
    assert len(said) == 1 and "depth of a/clear looks wrong" in said[0]


def test_prepared_translations_are_aligned(data: Path, tmp_path: Path) -> None:
    clear = [clip for clip in open_data(data) if clip.condition is Condition.CLEAR]
    crop = Crop(top=4, left=0, height=20, width=40)
    prepared = prepare(clear, tmp_path / "clear", (10, 20), crop)
    run(data, tmp_path / "whole")
    run(data, tmp_path / "small", image_size=(18, 30))
    run(data, tmp_path / "cut", crop=crop)
    made = {
        name: prepare_translations(prepared, tmp_path / name, Condition.NIGHT, tmp_path / f"p_{name}")
        for name in ("whole", "small", "cut")
    }
    for aligned in made.values():
        assert [row.key for row in rows(aligned.frames)] == [row.key for row in rows(prepared.frames)]
        assert {row.condition for row in rows(aligned.frames)} == {Condition.NIGHT}
    translated = read_image(tmp_path / "whole" / "night" / "a" / "clear" / "images" / "000003.png")
    window = translated[4:].reshape(10, 2, 20, 2, 3).astype(float).mean((1, 3))
    assert np.abs(made["whole"].images[3] - window).max() <= 1
    assert np.abs(made["cut"].images[3].astype(int) - made["whole"].images[3]).max() <= 2
    assert np.abs(made["small"].images[3].astype(int) - made["whole"].images[3]).max() <= 6
    assert not np.array_equal(picture(3)[::2, ::2][2:], made["whole"].images[3])


def test_preparing_translations_again_and_when_one_is_missing(data: Path, tmp_path: Path) -> None:
    clear = [clip for clip in open_data(data) if clip.condition is Condition.CLEAR]
    prepared = prepare(clear, tmp_path / "clear", (12, 20))
    run(data, tmp_path / "made", conditions=(Condition.NIGHT,))

    def align(condition: Condition) -> int:
        with counting() as decoded:
            prepare_translations(prepared, tmp_path / "made", condition, tmp_path / "out")
        return len(decoded)

    assert align(Condition.NIGHT) == 5
    assert align(Condition.NIGHT) == 0
    with pytest.raises(UserError, match=r"has no rain translation of a/clear/images/000000\.png"):
        align(Condition.RAIN)


def test_translations_of_another_step_are_told(data: Path, tmp_path: Path) -> None:
    def clear(step: int) -> list[Clip]:
        return with_steps([one for one in open_data(data) if one.condition is Condition.CLEAR], step)

    prepared = prepare(clear(1), tmp_path / "clear", (12, 20), reach=0)
    settings = TranslateSettings(conditions=(Condition.NIGHT,), format="png")
    translate(clear(2), tmp_path / "made", Darker(), MeasuredDepth(), settings)
    says = (
        r"images/000001\.png; translations are of every 2nd image, those asked for of every image; translate "
    )
    with pytest.raises(UserError, match=f"{says}with --step 1, or all images, without --step"):
        prepare_translations(prepared, tmp_path / "made", Condition.NIGHT, tmp_path / "out")


@pytest.mark.parametrize("values", [{"conditions": ()}, {"batch_size": 0}, {"batch_size": -3}])
def test_settings_that_make_nothing_are_refused(values):
    with pytest.raises(UserError, match=r"no condition|must be at least 1"):
        TranslateSettings(**{"conditions": (Condition.NIGHT,), **values})


def test_an_empty_folder_does_not_pass_the_check(tmp_path):
    with pytest.raises(UserError, match="holds no translations"):
        check(tmp_path)

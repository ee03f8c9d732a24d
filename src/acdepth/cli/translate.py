"""``acdepth translate``: clear footage to night, rain, fog and snow, and the check of what was made."""

from pathlib import Path
from typing import Annotated, Literal

import tyro

from acdepth.cli.world import parse_conditions, parse_image_size
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.progress import progress
from acdepth.data.choice import FootageChoice
from acdepth.data.crop import Crop
from acdepth.data.folder import count_targets, open_data
from acdepth.data.manifest import Manifest
from acdepth.data.stored import hash_pixels
from acdepth.translator import SimulatedWeather, TranslateSettings
from acdepth.translator.depth_source import DepthSource, MeasuredDepth, TeacherDepth
from acdepth.translator.translate import translate as translate_sequences


def translate(
    data: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    *,
    conditions: str = "night,rain",
    split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
    method: Literal["simulate"] = "simulate",
    depth: Literal["teacher", "measured"] = "teacher",
    weights: Path | None = None,
    seed: int = 0,
    severity: str = "0.3,1.0",
    image_size: str | None = None,
    crop: str | None = None,
    format: Literal["jpg", "png"] = "jpg",
    batch_size: int = 8,
    device: str = "cpu",
) -> None:
    """Turn clear footage into other conditions; the same command goes on where it was stopped.

    Args:
        data: footage; only what is clear in it is translated.
        out: folder for OUT/CONDITION/..., manifest.jsonl and settings.json.
        conditions: any of night,rain,night-rain,fog,snow.
        split: part of a data set that has some: train, val, test, or the path of a list.
        cameras: channels of nuScenes.
        method: simulate needs no training.
        depth: teacher needs --weights; measured needs dense depth in the data, as the built-in world has.
        weights: the teacher's checkpoint, model.safetensors.
        seed: of every draw; an image depends on seed, its name and the condition only.
        severity: least and largest strength in 0..1, drawn per image.
        image_size: height x width of the translations, as in 192x320; as in the data by default.
        crop: top,left,height,width of the part to translate, in pixels of the data; all by default.
        format: of the translations.
        batch_size: images at a time.
        device: where the teacher runs: cpu, cuda, cuda:1.
    """
    translators = {"simulate": SimulatedWeather}
    wanted = [condition for condition in parse_conditions(conditions) if condition is not Condition.CLEAR]
    settings = TranslateSettings(
        conditions=tuple(wanted),
        seed=seed,
        image_size=parse_image_size(image_size) if image_size else None,
        crop=_parse_crop(crop) if crop else None,
        format=format,
        batch_size=batch_size,
    )
    translator = translators[method](_parse_severity(severity))
    source = _depth_source(depth, weights, device)
    choice = FootageChoice(split=split, cameras=cameras)
    sequences = [one for one in open_data(data, choice=choice) if one.condition is Condition.CLEAR]
    with progress("translate", count_targets(sequences), unit="image") as advance:
        translate_sequences(sequences, out, translator, source, settings, progress=advance)


def check(
    out: Annotated[Path, tyro.conf.Positional],
    *,
    data: Path | None = None,
    split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
) -> None:
    """Verify every translated file against the manifest, and with --data also what it was made from.

    Args:
        out: folder that acdepth translate wrote.
        data: the clear footage.
        split: part of it that was translated.
        cameras: channels of nuScenes that were translated.
    """
    manifest = Manifest(out)
    if not manifest.entries:
        raise UserError(f"{out}: holds no translations; make some with acdepth translate")
    problems = manifest.problems()
    if data is not None:
        problems += _changed_sources(manifest, data, FootageChoice(split=split, cameras=cameras))
    if problems:
        raise UserError(f"{problems[0]} ({len(problems)} problems in all); run acdepth translate again")
    print(f"{out}: {len(manifest.entries)} translations, all as they were made")


def _changed_sources(manifest: Manifest, data: Path, choice: FootageChoice) -> list[str]:
    hashes = {
        sequence.key(index): hash_pixels(sequence.image(index))
        for sequence in open_data(data, choice=choice)
        if sequence.condition is Condition.CLEAR
        for index in sequence.targets()
    }
    return [
        f"{entry.source}: has changed since it became {entry.condition}, or is gone"
        for entry in manifest.entries.values()
        if hashes.get(entry.source) != entry.source_hash
    ]


def _depth_source(kind: Literal["teacher", "measured"], weights: Path | None, device: str) -> DepthSource:
    if kind == "measured":
        return MeasuredDepth()
    if weights is None:
        raise UserError(
            "--depth teacher needs --weights model.safetensors; without a teacher, data with dense depth can "
            "use --depth measured"
        )
    return TeacherDepth(weights, device)


def _parse_severity(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UserError(f"--severity {text}: write least and largest strength, like 0.3,1.0") from error
    return low, high


def _parse_crop(text: str) -> Crop:
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdigit() for part in parts):
        raise UserError(f"--crop {text}: write top,left,height,width in pixels, like 0,0,768,1280")
    top, left, height, width = (int(part) for part in parts)
    return Crop.from_dict({"top": top, "left": left, "height": height, "width": width}, where="--crop")

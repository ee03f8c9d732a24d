"""``acdepth translate``: clear footage to night, rain, fog and snow; and whether it is as it was made."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from pydantic import Field

from acdepth.cli.launched import own_place, own_share
from acdepth.cli.world import at_least_one, parse_conditions, parse_crop, parse_image_size
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.progress import progress
from acdepth.core.shipped import STUDENT, or_shipped

if TYPE_CHECKING:
    import torch

    from acdepth.core.crop import Crop
    from acdepth.translator import Translator
    from acdepth.translator.depth_source import DepthSource


def translate(
    data: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    *,
    conditions: str = "night,rain",
    split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
    step: Annotated[int, Field(ge=1)] | Literal["auto"] = 1,
    method: Literal["simulate", "diffusion"] = "simulate",
    weights: Path | None = None,
    base: Path | None = None,
    depth: Literal["teacher", "measured"] = "teacher",
    seed: int = 0,
    severity: str = "0.3,1.0",
    image_size: str | None = None,
    crop: str | None = None,
    translate_size: Literal["trained", "source"] | None = None,
    format: Literal["jpg", "png"] = "jpg",
    batch_size: int = 8,
    workers: Annotated[int, Field(ge=1)] | None = None,
    device: str = "auto",
    precision: Literal["auto", "bf16", "fp32"] = "auto",
) -> None:
    """Turn clear footage into other conditions; the same command goes on where it was stopped.

    accelerate launch -m acdepth translate ... divides the work among processes and machines.

    Args:
        data: footage; only what is clear in it is translated.
        out: folder for OUT/CONDITION/..., manifest.jsonl and settings.json.
        conditions: any of night,rain,night-rain,fog,snow.
        split: part of a data set that has some: train, val, test, or the path of a list.
        cameras: channels of nuScenes, or the lens of RobotCar, stereo/left or stereo/centre.
        step: of own footage every so many-th image is translated; auto: as a student of --config own takes
            them, by how far the image moves.
        method: simulate draws weather onto the image, by its depth; diffusion is a trained translator.
        weights: simulate: the teacher's checkpoint, model.safetensors, or hf:NAME, a depth model of
            transformers by folder or name of the hub; diffusion: the folder of adapters that acdepth train
            translator or acdepth import wrote, or shipped: small ones of the built-in world.
        base: the diffusion model that the adapters stand on, a folder or a name of the hub; what their card
            says by default.
        depth: for simulate: teacher needs --weights, measured needs dense depth in the data, as the world's.
        seed: of every draw; an image depends on seed, its name and the condition only. Diffusion draws
            nothing.
        severity: for simulate: least and largest strength in 0..1, drawn per image.
        image_size: height x width of the translations, as in 192x320; teacher: what the teacher's checkpoint
            was trained on, size and crop, and so all that a student of the same settings takes; as in the
            data by default.
        crop: top,left,height,width of the part to translate, in pixels of the data; all by default, or with
            --image-size teacher the teacher's.
        translate_size: of diffusion: trained brings images to the size that the adapters were trained on, and
            translations back to theirs; source leaves them as they are. By default what the adapters' card
            says: trained where weights of img2img-turbo were imported, source for the shipped ones.
        format: of the translations.
        batch_size: images at a time.
        workers: processes that simulate on a CPU and write; by default one per core, if there is enough to
            do. The images are the same byte for byte with any number.
        device: where networks run: auto, cpu, cuda, cuda:1 or mps.
        precision: of diffusion; auto is bf16 where the device computes in it.
    """
    from acdepth.core.clip import clear_clips
    from acdepth.data.folder import count_targets, open_data
    from acdepth.data.settings import FootageChoice
    from acdepth.translator import SimulatedWeather, TranslateSettings
    from acdepth.translator.translate import translate as translate_clips

    wanted = [condition for condition in parse_conditions(conditions) if condition is not Condition.CLEAR]
    _refuse_inside(out, data)
    size = parse_image_size(image_size) if image_size and image_size != "teacher" else None
    part = parse_crop(crop) if crop else None
    if method == "simulate":
        _refuse_for_diffusion(base, precision, translate_size)
    place, share = own_place(device), own_share()
    if method == "diffusion":
        translator, source = _diffusion(weights, base, place, precision, translate_size), None
    else:
        translator = SimulatedWeather(_parse_severity(severity), place)
        source = _depth_source(depth, weights, place)
    if image_size == "teacher":
        size, part = _seen_by_teacher(source, part)
    settings = TranslateSettings(tuple(wanted), seed, size, part, format, batch_size)
    choice = FootageChoice(split=split, cameras=cameras, step=step)
    clips = clear_clips(open_data(data, choice=choice))
    with progress(share.title("translate"), count_targets(clips), unit="image") as advance:
        translate_clips(
            clips, out, translator, source, settings, progress=advance, share=share, workers=workers
        )


def check(
    out: Annotated[Path, tyro.conf.Positional],
    *,
    data: Path | None = None,
    split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
    sheet: Path | None = None,
    rows: int = 8,
) -> None:
    """Verify every translated file against the manifest, and with --data also what it was made from.

    Args:
        out: folder that acdepth translate wrote.
        data: the clear footage.
        split: part of it that was translated.
        cameras: channels of nuScenes, or the lens of RobotCar, that were translated.
        sheet: picture to write, source and translations side by side; needs --data.
        rows: sources on the sheet.
    """
    from acdepth.core.clip import clear_clips
    from acdepth.core.sheet import check_sheet_name
    from acdepth.data.folder import open_data
    from acdepth.data.manifest import Manifest
    from acdepth.data.settings import FootageChoice
    from acdepth.translator.scoring.sheet import write_sheet_of_folder

    if sheet:
        check_sheet_name(sheet)
        if data is None:
            raise UserError(None, "--sheet needs --data, the clear footage that was translated")
        at_least_one("rows", rows)
    manifest = Manifest(out)
    if not manifest.entries:
        raise UserError(out, "holds no translations", "make some with acdepth translate")
    footage = open_data(data, choice=FootageChoice(split=split, cameras=cameras)) if data else []
    clear = clear_clips(footage)
    problems = manifest.problems()
    if data:
        problems += manifest.changed_sources(clear)
    if problems:
        what = f"{problems[0]} ({len(problems)} problems in all)"
        raise UserError(None, what, "run acdepth translate again")
    if sheet:
        write_sheet_of_folder(sheet, manifest, clear, rows)
    print(f"{out}: {len(manifest.entries)} translations, all as they were made")


def _refuse_inside(out: Path, data: Path) -> None:
    """Translations among the footage would be taken for footage by whatever reads it next."""
    if out.resolve().is_relative_to(data.resolve()):
        raise UserError(out, f"translations would lie among the footage of {data}", "choose another folder")


def _refuse_for_diffusion(base: Path | None, precision: str, translate_size: str | None) -> None:
    """Flags that simulated weather would ignore."""
    given = {"--base": base, "--precision": precision, "--translate-size": translate_size}
    for flag, value in given.items():
        if value not in (None, "auto"):
            raise UserError(f"{flag} {value}", "is of --method diffusion", "give that, or leave it out")


def _diffusion(
    weights: Path | None,
    base: Path | None,
    place: "torch.device",
    precision: Literal["auto", "bf16", "fp32"],
    translate_size: Literal["trained", "source"] | None,
) -> "Translator":
    from acdepth.translator.diffused import DiffusedWeather  # not part of the core install

    if weights is None:
        adapters = "the folder of adapters that acdepth train translator or acdepth import wrote, or shipped"
        what = f"--method diffusion needs --weights, {adapters}"
        raise UserError(None, what, "--method simulate needs none")
    return DiffusedWeather(weights, base, place, precision, translate_size)


def _depth_source(
    kind: Literal["teacher", "measured"], weights: Path | None, place: "torch.device"
) -> "DepthSource":
    from acdepth.translator.depth_source import MeasuredDepth, TeacherDepth

    if kind == "measured":
        return MeasuredDepth()
    if weights is None:
        others = "data with dense depth can use --depth measured, and --method diffusion needs no depth"
        what = "--depth teacher needs --weights model.safetensors"
        raise UserError(None, what, f"without a teacher, {others}")
    return TeacherDepth(or_shipped(weights, STUDENT), str(place))


def _seen_by_teacher(
    source: "DepthSource | None", part: "Crop | None"
) -> tuple[tuple[int, int], "Crop | None"]:
    """Size and crop at which the teacher was trained; a crop that was asked for goes before."""
    from acdepth.translator.depth_source import TeacherDepth

    if not isinstance(source, TeacherDepth):
        remedy = "give a size such as 192x320, or --method simulate with --weights model.safetensors"
        raise UserError("--image-size teacher", "there is no teacher here", remedy)
    if source.model.input_size is None:
        what = f"{source.model.name} sees images at their own size"
        raise UserError("--image-size teacher", what, "give a size such as 192x320")
    return source.model.input_size, part or source.model.crop


def _parse_severity(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UserError(f"--severity {text}", "write least and largest strength, like 0.3,1.0") from error
    return low, high

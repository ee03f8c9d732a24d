"""What can be known to fail before any work begins, each with what to do about it."""

from collections.abc import Sequence
from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.hub import hub_model
from acdepth.data.folder import count_targets, open_data
from acdepth.data.layouts import layout_of
from acdepth.data.own.clip import OwnClip
from acdepth.data.own.step import choose_step, drives
from acdepth.inference.model import open_model
from acdepth.networks.checkpoint import checkpoint_file
from acdepth.recipes.fit.settings import FitConfig
from acdepth.student.other_teacher import OtherTeacher

USE_AS_IT_IS = "without any, acdepth predict uses the network that ships as it is"


def refuse_places(footage: Path, out: Path) -> None:
    """Raise `UserError` if footage is none of one's own, or holds the run folder; reads none of it."""
    if layout := layout_of(footage):
        what = f"is laid out as {layout.name}, no footage of one's own"
        raise UserError(footage, what, "docs/data.md says how data sets are trained on")
    if out.resolve().is_relative_to(footage.resolve()):
        raise UserError(f"--out {out}", f"would lie among the footage of {footage}", "choose another folder")


def open_other(given: Path | None, config: FitConfig) -> OtherTeacher | None:
    """The given teacher, if it is a model of transformers.

    Raises:
        UserError: if there is a teacher that cannot be opened.
    """
    if given and hub_model(given):
        return OtherTeacher(given, config.student)
    if given:
        open_model(checkpoint_file(given))
    return None


def refuse_unfit(
    config: FitConfig, footage: Path, clear: Sequence[Clip], given: Path | None, other: OtherTeacher | None
) -> None:
    """Look whether footage can be learnt from.

    Args:
        config: settings.
        footage: where it lies.
        clear: what of it is clear, at the step that is learnt at.
        given: the teacher; None where one is trained, which takes video.
        other: the same, if it is a model of transformers.

    Raises:
        UserError: naming what is wrong and what to give.
    """
    if not clear:
        raise UserError(footage, "no clear footage", "weather is made of clear images; record by day")
    if given is None:
        _refuse_unknown_camera(clear)
        _refuse_standing(footage, config)
    elif other:
        other.refuse_unknown(clear)
    there = _learnable(clear) if given is None else count_targets(clear)
    if there < config.least_frames:
        kind = "images with one before and one after them" if given is None else "images"
        what = f"{there} clear {kind}, {config.least_frames} are needed"
        raise UserError(footage, what, f"give more footage; {USE_AS_IT_IS}")


def _refuse_unknown_camera(clear: Sequence[Clip]) -> None:
    for clip in clear:
        if clip.camera is None:
            place = clip.source.place if isinstance(clip, OwnClip) else clip.name
            remedy = (
                "give --fov, the degrees that it sees across (a dash-cam 60 to 120, a phone 65), or better "
            )
            remedy += (
                "camera.yaml beside it (fx, fy, cx, cy, width, height); of single photographs give --teacher"
            )
            raise UserError(place, "its camera is not known", remedy)


def _refuse_standing(footage: Path, config: FitConfig) -> None:
    """Where no speed says when it drives, the images do."""
    every = drives(open_data(footage, choice=config.looked_at()))
    if every and all(drive[0].lengths_from is None for drive in every):
        choices = [choose_step(drive) for drive in every]
        if all(choice.verdict == "stands" for choice in choices):
            remedy = "a camera that stands teaches no depth; give footage of a drive, or --teacher"
            raise UserError(footage, f"the camera stands: {choices[0].told}", remedy)


def _learnable(clear: Sequence[Clip]) -> int:
    """Images that have both neighbours."""
    return sum(max(0, len(clip) - 2) for clip in clear)

"""``acdepth check``: whether a network's depth may be trusted on footage of which nobody measured depth."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from pydantic import Field

from acdepth.cli.world import at_least_one
from acdepth.core.errors import UserError
from acdepth.core.files import check_folder
from acdepth.core.lock import sole_writer
from acdepth.core.progress import say

if TYPE_CHECKING:
    from acdepth.core.clip import Clip
    from acdepth.evaluation.unlabelled.answers import Translated

EXIT_DEGENERATE = 1


def check(
    run: Annotated[Path, tyro.conf.Positional],
    *,
    data: Path,
    out: Path = Path("check"),
    places: int = 32,
    translations: Path | None = None,
    prior: str | None = None,
    split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
    step: Annotated[int, Field(ge=1)] | Literal["auto"] = 1,
    device: str = "auto",
) -> None:
    """Say whether depth is any good where nobody measured it: works, doubtful or degenerate, and why.

    Depth is held against how the images move, which optical flow tells without any network; against itself
    from frame to frame, mirrored and in less light; and against what every street has, a level road and a far
    sky. OUT/unlabelled.json has the numbers, OUT/unlabelled.png pictures. Ends with 1 if depth is degenerate,
    with 0 if it works or is doubtful. What footage is fit for is another question: acdepth data check.

    Args:
        run: checkpoint or run folder of a teacher or student, or shipped, the small network that ships.
        data: footage to check it on, best what it was made for: video with its camera, some seconds of it.
        out: folder for what is written.
        places: where the footage is looked at, evenly spread; three frames each.
        translations: folder of acdepth translate of the same footage: depth should not change with weather.
        prior: Depth Anything, a folder or a name of the hub, whose order of near and far is compared. Without
            it that is left out, as the tiny prior that ships knows the built-in world alone.
        split: part of a data set that has splits.
        cameras: channels of nuScenes, or the lens of RobotCar, stereo/left or stereo/centre.
        step: of own footage, every so many-th image is used; auto: as the settings own do, by which what is
            near may move too far for optical flow.
        device: auto, cpu, cuda, cuda:1 or mps.
    """
    from acdepth.core.shipped import STUDENT, or_shipped
    from acdepth.data.folder import open_data
    from acdepth.data.settings import FootageChoice
    from acdepth.evaluation.unlabelled.answers import prior_order
    from acdepth.evaluation.unlabelled.check import SHEET_FILE, check_unlabelled
    from acdepth.inference.model import open_model
    from acdepth.networks.checkpoint import checkpoint_file

    at_least_one("places", places)
    check_folder(out, "--out")
    model = open_model(checkpoint_file(or_shipped(run, STUDENT)), str(run), device)
    footage = open_data(data, choice=FootageChoice(split=split, cameras=cameras, step=step))
    order = prior_order(prior) if prior else None
    translated = translations_of(translations) if translations else None
    with sole_writer(out):
        result = check_unlabelled(
            model,
            footage,
            out,
            places=places,
            order=order,
            translated=translated,
            vehicle=vehicle_in_view(footage),
        )
    for measure in result.measures.values():
        say(f"  {measure.finding:<10}  {measure.in_words}")
    say(f"pictures: {out / SHEET_FILE}")
    print(result.in_words)
    if result.verdict == "degenerate":
        sys.exit(EXIT_DEGENERATE)


def translations_of(folder: Path) -> "Translated":
    """What `acdepth translate` made of a frame, by condition; frames that it left out have none.

    Raises:
        UserError: if the folder holds no translations, or they show a part of the image.
    """
    from acdepth.data.manifest import Manifest

    manifest = Manifest(folder)
    if manifest.settings["crop"] is not None:
        raise UserError(folder, "its translations show a part of the image only", "translate whole images")
    return manifest.translations


def vehicle_in_view(footage: "Sequence[Clip]") -> float:
    """Part of the image that shows the vehicle itself and that no mask leaves out: the most of any drive."""
    from acdepth.data.own.ego_mask import find_ego_mask
    from acdepth.data.own.step import drives

    parts = [0.0]
    for drive in drives(footage):
        if drive[0].ego_mask is None and (mask := find_ego_mask(drive).mask) is not None:
            parts.append(float(mask.mean()))
    return max(parts)

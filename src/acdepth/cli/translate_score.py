"""``acdepth translate score``: how good translations are, all methods in one table."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from acdepth.cli.flag_types import name_and_path
from acdepth.cli.world import parse_conditions, parse_image_size
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file, write_json
from acdepth.core.progress import progress, say
from acdepth.core.shipped import PRIOR, SHIPPED, or_shipped

if TYPE_CHECKING:
    from acdepth.data.manifest import Manifest
    from acdepth.translator.scoring.cases import Case
    from acdepth.translator.scoring.pictures import Window
    from acdepth.translator.scoring.score import ScoreSettings


def score(
    outs: Annotated[
        tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[NAME=]PATH ...", help_behavior_hint="")
    ],
    *,
    data: Path,
    real: Path,
    truth: Path | None = None,
    prior: Path = SHIPPED,
    out: Path | None = None,
    sheet: Path | None = None,
    conditions: str = "all",
    split: str | None = None,
    real_split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
    image_size: str | None = None,
    images: int = 500,
    steps: int = 300,
    telling_steps: int = 40,
    seed: int = 0,
    device: str = "auto",
) -> None:
    """Measure structure kept, domain reached, diversity and distance to truth of translations.

    Args:
        outs: folders that acdepth translate wrote, as PATH or NAME=PATH.
        data: the clear footage that they were made from.
        real: footage with real images of the conditions and clear ones, of other streets.
        truth: the same streets rendered under the conditions: a world with the towns and frames of --data.
        prior: Depth Anything: a folder or a name of the Hugging Face hub; shipped is the tiny one.
        out: JSON file for the numbers and how they came about.
        sheet: picture for source, translations and truth side by side.
        conditions: those to measure, as in night,rain; all that the first folder has by default.
        split: part of --data that was translated, and of --truth.
        real_split: part of --real.
        cameras: channels of nuScenes, or the lens of RobotCar, stereo/left or stereo/centre.
        image_size: height x width at which all is compared; of the first folder's images by default.
        images: at most so many sources, and so many real images of each condition.
        steps: batches that each judge of the conditions learns from.
        telling_steps: batches that each judge learns from who tells these images from real ones.
        seed: of the judges, the pairs and the intervals.
        device: where the prior runs: auto, cpu, cuda, cuda:1 or mps.
    """
    from acdepth.core.clip import clear_clips
    from acdepth.core.sheet import check_sheet_name
    from acdepth.data.folder import open_data
    from acdepth.data.settings import FootageChoice
    from acdepth.inference.devices import choose_device
    from acdepth.prior.depth_anything import DepthAnythingPrior
    from acdepth.reports.translation_quality import print_translation_quality
    from acdepth.translator.perception import Perception
    from acdepth.translator.scoring.cases import build_case, find_window, read_real
    from acdepth.translator.scoring.looking import Eye
    from acdepth.translator.scoring.score import ScoreSettings, count_trainings, score_cases
    from acdepth.translator.scoring.sheet import write_sheet

    if sheet:
        check_sheet_name(sheet)
    judges = {"steps": steps, "telling_steps": telling_steps}
    values = {"images": images, "seed": seed, "judges": judges}
    settings = ScoreSettings.from_dict(values, where="acdepth translate score")
    manifests = open_manifests(outs)
    window = find_window(manifests, parse_image_size(image_size) if image_size else None)
    wanted = _conditions(conditions, manifests)
    choice = FootageChoice(split=split, cameras=cameras)
    clear = clear_clips(open_data(data, choice=choice))
    twins = open_data(truth, choice=choice) if truth else []
    cases = [build_case(one, manifests, clear, twins, window, settings.images) for one in wanted]
    _tell(cases, with_truth=truth is not None)
    footage = open_data(real, choice=FootageChoice(split=real_split, cameras=cameras))
    pools = read_real(footage, cases, window, settings.images)
    place = choose_device(device)
    with progress("judge", count_trainings(cases, settings)) as advance:
        perception = Perception(DepthAnythingPrior.from_pretrained(or_shipped(prior, PRIOR)))
        perception.to_device(place)
        eye = Eye(perception, place, settings.batch_size)
        results = score_cases(cases, pools, eye, settings, advance)
    results["protocol"] = _protocol(settings, window, manifests, prior)
    if out:
        write_json(out, results)
    if sheet:
        write_sheet(sheet, cases)
    print_translation_quality(results)


def open_manifests(outs: tuple[str, ...]) -> dict[str, "Manifest"]:
    """The folders by name, in the order given."""
    from acdepth.data.manifest import Manifest
    from acdepth.translator.scoring.cases import SOURCES, TRUTH
    from acdepth.translator.scoring.controls import CONTROLS

    if not outs:
        raise UserError("acdepth translate score", "give at least one folder that acdepth translate wrote")
    manifests: dict[str, Manifest] = {}
    for text in outs:
        name, path = name_and_path(text)
        if not re.fullmatch(r"[\w.+-][\w.+=-]*", name) or name in (SOURCES, *CONTROLS, TRUTH):
            raise UserError(text, f"{name!r} cannot name a method", f"write another, as in NAME={path}")
        if name in manifests:
            raise UserError(text, f"a second folder {name}", "name them, as in first=PATH second=PATH")
        manifests[name] = Manifest(path)
        if not manifests[name].entries:
            raise UserError(path, "holds no translations", "make some with acdepth translate")
    return manifests


def _conditions(text: str, manifests: dict[str, "Manifest"]) -> list[Condition]:
    first = next(iter(manifests.values()))
    found = {condition for condition, _ in first.entries}
    if text.strip() == "all":
        return [condition for condition in Condition if condition in found]
    return [condition for condition in parse_conditions(text) if condition is not Condition.CLEAR]


def _tell(cases: list["Case"], with_truth: bool) -> None:
    for case in cases:
        if case.left_out:
            say(f"{case.condition}: {case.left_out} sources left out: not in every folder, or not in --data")
        if with_truth and case.truth is None:
            say(f"{case.condition}: --truth has none of it, so there is no distance to truth")


def _protocol(
    settings: "ScoreSettings", window: "Window", manifests: dict[str, "Manifest"], prior: Path
) -> dict[str, Any]:
    from acdepth.core.provenance import provenance
    from acdepth.prior.depth_anything import WEIGHTS_FILE

    weights = or_shipped(prior, PRIOR)
    weights = weights / WEIGHTS_FILE if weights.is_dir() else weights
    return {
        "seed": settings.seed,
        "images_at_most": settings.images,
        "image_size": list(window.image_size),
        "crop": window.crop and window.crop.to_dict(),
        "intervals": "95 %, whole drives drawn again; of judges' answers, over their trainings as well",
        "prior": {"name": prior.name, "sha256": hash_file(weights) if weights.is_file() else None},
        "translations": {
            name: {"manifest_sha256": hash_file(manifest.path), "settings": manifest.settings}
            for name, manifest in manifests.items()
        },
        "made_by": provenance(),
    }

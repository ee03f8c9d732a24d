"""The page of a fit: whether it worked, in words, what its networks see, and how to go on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import yaml

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import inside, read_json
from acdepth.core.images import read_image
from acdepth.core.progress import in_words
from acdepth.evaluation.schema import Record
from acdepth.evaluation.unlabelled import UnlabelledCheck
from acdepth.reports.page import durations, plain, write_page
from acdepth.reports.pictures import photograph

STORY_FILE = "fit.json"
LOOK = "look"
"""Folder of the check of the footage."""
NAMES = {
    "start": "the network that training starts from",
    "given": "the teacher that was given",
    "teacher": "the teacher, trained on this footage in clear weather",
    "student": "the student, trained on this footage in clear and in simulated weather",
}
"""Of the networks, in words."""
SHEET_WIDTH = 1500
"""Of the picture of the footage on the page [px]."""


class Picture(Record):
    """One picture of a frame."""

    title: str
    file: str
    """Within the run folder."""


class Shown(Record):
    """A frame and what networks see in it."""

    key: str
    brightest: float
    """Depth [m] that has the brightest colour in the pictures of what is kept."""
    pictures: tuple[Picture, ...]


class MaskTold(Record):
    """What came of looking for the vehicle in a drive."""

    drive: str
    told: str
    file: str
    """Where its mask lies, or may be painted, below ``masks/``."""


class FitStory(Record):
    """The content of ``fit.json``."""

    remedy: ClassVar[str] = "run the same command again"

    footage: str
    kept: str | None
    """Which network ``model.safetensors`` is: start, teacher or student; null where none is any use."""
    checks: dict[str, UnlabelledCheck]
    metres: str | None
    """Where those of what is kept come from, in words; null where that is not known."""
    metric: bool
    conditions: tuple[Condition, ...]
    """Of the simulated weather."""
    work: str
    """What was done, in words."""
    part: float
    """Of what the settings ask for."""
    minutes: float | None
    """That were asked for."""
    expected: dict[str, float]
    seconds: dict[str, float]
    """Per stage."""
    masks: tuple[MaskTold, ...]
    shown: tuple[Shown, ...]
    teacher: str | None
    """What gave the labels instead of a teacher of one's own."""
    config: dict[str, Any]
    made_by: dict[str, str]

    @property
    def verdict(self) -> str:
        """works, doubtful or degenerate: of what is kept."""
        return self.checks[self.kept].verdict if self.kept else "degenerate"


def headlines(story: FitStory) -> list[str]:
    """Whether it worked and what is kept, in plain sentences, the verdict first."""
    if story.kept is None:
        tried = "; ".join(f"{NAMES[name]}: {check.in_words}" for name, check in story.checks.items())
        return [
            f"It did not work: no network here sees usable depth in this footage. {tried}.",
            "Nothing is kept.",
        ]
    check = story.checks[story.kept]
    said = {
        "works": "It works, as far as that can be told without measured depth.",
        "doubtful": f"It may work; look at the pictures before you use it. {check.in_words.capitalize()}.",
        "degenerate": "",
    }[check.verdict]
    lines = [said, f"Kept is {NAMES[story.kept]}: model.safetensors."]
    if story.kept != "student" and "student" in story.checks:
        lines.append(f"The student is not kept: {_why_not(story, 'student')}.")
    if story.kept == "start":
        lines.append("Training added nothing on this footage, so that bad weather was not learnt either.")
    return lines


def _why_not(story: FitStory, name: str) -> str:
    check, kept = story.checks[name], story.checks[story.kept or name]
    if check.verdict != kept.verdict:
        return check.in_words
    return (
        f"its depth may be off by {check.score:.2f} as a part of it, that of what is kept by {kept.score:.2f}"
    )


def next_steps(story: FitStory, look: Mapping[str, Any]) -> list[str]:
    """What to try, the most promising first."""
    steps: list[str] = []
    for check in story.checks.values():
        steps += [measure.advice for measure in check.measures.values() if measure.advice]
    if story.kept and not story.metric:
        steps.append("For metres give --camera-height, speeds or poses: now depth is right up to one factor")
    steps += [doubt["text"] for doubt in look.get("doubts", [])]
    if story.part < 1 and story.minutes is not None:
        steps.append(
            f"Give more than {story.minutes:g} minutes: {100 * story.part:.0f} % of the full run was done"
        )
    return list(dict.fromkeys(steps))


def write_fit_report(run: Path) -> Path:
    """Write ``RUN/report.html`` from the files of a fit, and return its path.

    Raises:
        UserError: naming the file that is missing or malformed.
    """
    story = FitStory.read(run / STORY_FILE)
    checked = run / LOOK / "check.json"
    look = read_json(checked) if checked.exists() else {}
    page = run / "report.html"
    write_page(
        page,
        "fit.html.j2",
        story=story,
        headlines=headlines(story),
        steps=next_steps(story, look),
        names=NAMES,
        rows=_rows(run, story),
        drives=look.get("drives", []),
        faults=look.get("faults", []),
        sheet=_sheet(run / LOOK / "sheet.png"),
        masks=story.masks,
        run=run,
        durations=durations(story.seconds),
        expected=in_words(sum(story.expected.values())),
        took=in_words(sum(story.seconds.values())),
        config=yaml.safe_dump(story.config, sort_keys=False),
        plain=plain,
    )
    return page


def _rows(run: Path, story: FitStory) -> list[dict[str, Any]]:
    """The frames with their pictures inside."""

    def read(file: str) -> str:
        path = inside(run, file, run / STORY_FILE)
        if not path.is_file():
            raise UserError(run / STORY_FILE, f"names {path}, which is not there", FitStory.remedy)
        return photograph(read_image(path))

    return [
        {
            "key": shown.key,
            "brightest": shown.brightest,
            "pictures": [(picture.title, read(picture.file)) for picture in shown.pictures],
        }
        for shown in story.shown
    ]


def _sheet(path: Path) -> str | None:
    """The sheet of the footage, as wide as can be read on the page."""
    if not path.is_file():
        return None
    pixels = read_image(path)
    scale = min(1.0, SHEET_WIDTH / pixels.shape[1])
    size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
    return photograph(
        np.ascontiguousarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)), widest=None
    )

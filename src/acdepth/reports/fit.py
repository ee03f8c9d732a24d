"""The page of a fit: whether it worked, in words, what its networks see, and how to go on."""

import shlex
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
from acdepth.reports.fit_words import ANSWERS, asked, reasons, remedies
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
    """Where its mask lies or may be painted: below ``masks/``, or beside the footage, by its whole path."""


class FitStory(Record):
    """The content of ``fit.json``."""

    remedy: ClassVar[str] = "run the same command again"

    footage: str
    kept: str | None
    """Which network ``model.safetensors`` is: start, given, teacher or student; null where none is of use."""
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
    given_up: tuple[str, ...] = ()
    """What the settings ask for beyond that, in words, for which time was too short."""
    start_size: tuple[int, int] | None = None
    """Input at which the teacher's start learnt [px], where that of this run is smaller."""
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


def judged(story: FitStory) -> UnlabelledCheck:
    """Of what is kept, or of the least bad of what says no depth: a model of transformers, which cannot be
    kept, may say some."""
    if story.kept:
        return story.checks[story.kept]
    return min(story.checks.values(), key=lambda one: (one.verdict != "degenerate", one.score))


def headlines(story: FitStory) -> list[str]:
    """Whether it worked and what is kept, in plain sentences, the verdict first."""
    if story.kept is None:
        bad = [NAMES[name] for name, one in story.checks.items() if one.verdict == "degenerate"]
        return [
            "It did not work, so that no network is kept.",
            f"What these say about this footage is no depth: {'; '.join(bad)}.",
        ]
    said = {
        "works": "It works, as far as that can be told without measured depth.",
        "doubtful": "It is doubtful whether it works: look at the pictures before you use it.",
    }[story.verdict]
    lines = [said, f"Kept is {NAMES[story.kept]}."]
    if story.kept != "student" and "student" in story.checks:
        lines.append(f"The student is not kept. {_why_not(story, 'student')}")
    if story.kept == "start":
        lines.append("Training added nothing on this footage, so that bad weather was not learnt either.")
    return lines


def _why_not(story: FitStory, name: str) -> str:
    check, kept = story.checks[name], story.checks[story.kept or name]
    if check.verdict != kept.verdict:
        return reasons(check)[0]
    own, other = f"{100 * check.score:.0f} %", f"{100 * kept.score:.0f} %"
    return f"By all that was looked at its depth may be off by {own}, that of what is kept by {other}."


def next_steps(story: FitStory, look: Mapping[str, Any]) -> list[str]:
    """What to try, the most promising first."""
    steps = remedies(judged(story))
    if story.start_size and story.verdict != "works":
        size = "{}x{}".format(*story.start_size)
        steps.insert(0, f"Give --image-size {size}, at which the start learnt: at less it says worse depth")
    if story.kept not in (None, "student") and "student" in story.checks:
        steps += remedies(story.checks["student"])
    if story.kept and not story.metric:
        steps.append("For metres give --camera-height, speeds or poses: now depth is right up to one factor")
    steps += [doubt["text"] for doubt in look.get("doubts", [])]
    if story.given_up and story.minutes is not None:
        lost = ", ".join(story.given_up)
        steps.append(f"Give more than {story.minutes:g} minutes: the settings ask for {lost}")
    return list(dict.fromkeys(steps))


def use_it(story: FitStory, run: Path) -> str:
    """The command that predicts depth by what is kept."""
    video = shlex.quote(story.footage) if Path(story.footage).is_file() else "VIDEO"
    return f"acdepth predict {video} --weights {shlex.quote(str(run))} --out depth"


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
        reasons=reasons(judged(story)),
        command=use_it(story, run),
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
        asked=asked,
        answers=ANSWERS,
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

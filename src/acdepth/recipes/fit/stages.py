"""The stages of a fit after the mask, once it is known how much is done."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from acdepth.checking import check_data
from acdepth.core.clip import Clip, target_frames
from acdepth.core.files import read_json, write_json
from acdepth.core.identity import Identity
from acdepth.core.progress import say
from acdepth.data.folder import open_data
from acdepth.data.manifest import Manifest
from acdepth.data.own.clip import OwnClip
from acdepth.data.prepared import fingerprint
from acdepth.evaluation.unlabelled import UnlabelledCheck
from acdepth.evaluation.unlabelled.check import CHECK_FILE
from acdepth.inference.model import open_model
from acdepth.networks.checkpoint import MODEL_FILE, checkpoint_file
from acdepth.pipeline.outputs import file_output, folder_output, weights_output
from acdepth.pipeline.stages import Stage
from acdepth.recipes.fit.judge import best, judge, keep
from acdepth.recipes.fit.pictures import PICTURES, SHEET_FILE, show
from acdepth.recipes.fit.settings import FitConfig
from acdepth.recipes.learning import Learning
from acdepth.reports.fit import LOOK, Shown
from acdepth.teacher.gain import GAIN_FILE, Gain
from acdepth.teacher.training import START_FILE

OUTCOME_FILE = "outcome.json"


class Outcome(NamedTuple):
    """What came of a fit."""

    kept: str | None
    """The name of the network that is ``model.safetensors``; None where none is any use."""
    checks: dict[str, UnlabelledCheck]
    """Of each network that was looked at."""
    shown: tuple[Shown, ...]


class Degenerate(Exception):
    """No network at hand is any use on this footage: there is no depth to learn by, or none to keep."""


class FitStages:
    """Look, teacher, labels, weather, student, check.

    Args:
        config: settings, of the size that was planned.
        footage: of one's own.
        out: the run folder.
        given: checkpoint or run folder whose depth the student learns by; None trains a teacher.
    """

    def __init__(self, config: FitConfig, footage: Path, out: Path, given: Path | None) -> None:
        self.config, self.footage, self.out, self.given = config, footage, out, given
        self.checks = out / "check"
        labels = checkpoint_file(given) if given else out / "labels" / MODEL_FILE
        self.learning = Learning(config, footage, out, labels=labels)
        self.clear = self.learning.training_footage()
        self.checked = _beside(self.clear, open_data(footage, choice=config.looked_at(out / "masks")))

    def stages(self) -> list[Stage]:
        """In order."""
        teacher = self.config.teacher
        footage = fingerprint(self.clear, teacher.image_size, teacher.crop, resize=teacher.resize)
        own = [] if self.given else [self.learning.teacher(footage), self._labels()]
        return [self._look(footage), *own, *self.learning.students(footage), self._check()]

    @property
    def networks(self) -> dict[str, Path]:
        """What may be kept or learnt by, in the order in which it learnt; those that are there."""
        given = {"given": self.learning.labels} if self.given else {}
        return {**given, **self._own, **_that_are({"student": self.learning.weights["student"]})}

    @property
    def _own(self) -> dict[str, Path]:
        teacher = self.learning.weights["teacher"]
        return {} if self.given else _that_are({"start": teacher.with_name(START_FILE), "teacher": teacher})

    def _show(self, kept: str) -> list[Shown]:
        """Write pictures of what is kept, and of the others in clear."""
        models = {name: open_model(file, name) for name, file in self.networks.items()}
        is_translated = (self.learning.translations / "manifest.jsonl").exists()
        translations = Manifest(self.learning.translations) if is_translated else None
        conditions, most = self.config.translated, self.config.shown
        return show(models, kept, self.clear, translations, conditions, most, self.out)

    def _look(self, footage: str) -> Stage:
        folder = self.out / LOOK
        made_from = Identity().and_facts({"training footage": footage})
        return Stage("look", made_from, self._look_at_it, (folder_output(folder),), (folder,))

    def _look_at_it(self) -> None:
        choice = self.config.looked_at(self.out / "masks")
        report = check_data("folder", self.footage, self.out / LOOK, choice)
        for finding in (*report.faults, *report.doubts):
            say(finding.text)

    def _labels(self) -> Stage:
        """Of the network that training started from and of the teacher the better one gives the labels."""
        folder = self.learning.labels.parent
        outputs = (weights_output(self.learning.labels),)
        return Stage(
            "labels", Identity.of(self.config, only=("places",)), self._choose_labels, outputs, (folder,)
        )

    def _choose_labels(self) -> None:
        checks = judge(self._own, self.checked, self.learning.labels.with_name("check"), self.config.places)
        for one, check in checks.items():
            say(f"{one}: {check.in_words}")
        name = best(checks)
        if checks[name].verdict == "degenerate":
            raise Degenerate
        if self._gained_nothing() and checks["start"].verdict == checks[name].verdict:
            name = "start"
        say(f"the student learns by the depth of the {name}")
        keep(self._own[name], self.learning.labels)

    def _gained_nothing(self) -> bool:
        """Whether the teacher explains frames that were held out no better than the start did."""
        file = self.learning.weights["teacher"].with_name(GAIN_FILE)
        return file.exists() and Gain.from_dict(read_json(file), str(file)).better is False

    def _check(self) -> Stage:
        files = self.out / OUTCOME_FILE, self.out / SHEET_FILE
        model, pictures = self.out / MODEL_FILE, self.out / PICTURES
        outputs = (file_output(files[0]), weights_output(model), folder_output(pictures))
        made_from = Identity.of(self.config, only=("places", "shown"))
        return Stage(
            "verdict", made_from, self._keep_the_best, outputs, (*files, model, pictures, self.checks)
        )

    def _keep_the_best(self) -> None:
        checks = judge(
            self.networks, self.checked, self.checks, self.config.places, self.learning.translations
        )
        for one, check in checks.items():
            say(f"{one}: {check.in_words}")
        name = best({one: check for one, check in checks.items() if self.networks[one].is_file()})
        if checks[name].verdict == "degenerate":
            raise Degenerate
        keep(self.networks[name], self.out / MODEL_FILE)
        shown = [one.to_dict() for one in self._show(name)]
        write_json(self.out / OUTCOME_FILE, {"kept": name, "shown": shown})

    def outcome(self) -> Outcome:
        """What is kept and shown; without anything to keep, what is the least bad is shown."""
        checks, file = self._known(), self.out / OUTCOME_FILE
        if file.exists():
            found = read_json(file)
            return Outcome(
                found["kept"], checks, tuple(Shown.from_dict(one, str(file)) for one in found["shown"])
            )
        return Outcome(None, checks, tuple(self._show(best(checks))))

    def _known(self) -> dict[str, UnlabelledCheck]:
        """What was said last of each network."""
        found: dict[str, UnlabelledCheck] = {}
        for folder in (self.learning.labels.with_name("check"), self.checks):
            files = {name: folder / name / CHECK_FILE for name in self.networks}
            found |= {name: UnlabelledCheck.read(file) for name, file in files.items() if file.exists()}
        return found


def _beside(learnt: Sequence[Clip], every: Sequence[Clip]) -> list[Clip]:
    """Footage whose neighbours are one image apart, as in `acdepth check`: optical flow follows what moves
    little. Its targets are those that are learnt from, of which there are translations."""
    keys = {frame.key for frame in target_frames(learnt)}
    chosen = []
    for clip in every:
        targets = [index for index in clip.targets() if clip.key(index) in keys]
        if targets and isinstance(clip, OwnClip):
            chosen.append(clip.about(targets))
    return chosen


def _that_are(files: Mapping[str, Path]) -> dict[str, Path]:
    """Those that are there."""
    return {name: file for name, file in files.items() if file.exists()}

"""The stages of a fit after the mask, once it is known how much is done."""

from pathlib import Path

from acdepth.checking import check_data
from acdepth.core.files import read_json, write_json
from acdepth.core.identity import Identity
from acdepth.core.progress import say
from acdepth.core.shipped import STUDENT
from acdepth.data.manifest import Manifest
from acdepth.data.prepared import fingerprint
from acdepth.evaluation.unlabelled.schema import UnlabelledCheck
from acdepth.inference.model import open_model
from acdepth.networks.checkpoint import MODEL_FILE, checkpoint_file
from acdepth.pipeline.outputs import file_output, folder_output, weights_output
from acdepth.pipeline.stages import Stage
from acdepth.recipes.fit.judge import best, judge, keep
from acdepth.recipes.fit.pictures import PICTURES, SHEET_FILE, show
from acdepth.recipes.fit.settings import FitConfig
from acdepth.recipes.learning import Learning
from acdepth.reports.fit import LOOK, Shown

OUTCOME_FILE = "outcome.json"


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

    def stages(self) -> list[Stage]:
        """In order."""
        teacher = self.config.teacher
        footage = fingerprint(self.clear, teacher.image_size, teacher.crop, resize=teacher.resize)
        own = [] if self.given else [self.learning.teacher(footage), self._labels()]
        return [self._look(footage), *own, *self.learning.students(footage), self._check()]

    @property
    def networks(self) -> dict[str, Path]:
        """What may be kept or learnt by, in the order in which it learnt; those that are there."""
        teacher, student = self.learning.weights["teacher"], self.learning.weights["student"]
        found = {"given": self.learning.labels} if self.given else {"start": STUDENT, "teacher": teacher}
        return {name: file for name, file in {**found, "student": student}.items() if file.exists()}

    def judged(self) -> dict[str, UnlabelledCheck]:
        """What the label-free check says of each network that is there."""
        return judge(self.networks, self.clear, self.checks)

    def show(self, kept: str) -> list[Shown]:
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
        return Stage("labels", Identity(), self._choose_labels, outputs, (folder, self.checks))

    def _choose_labels(self) -> None:
        checks = {name: check for name, check in self.judged().items() if name != "student"}
        name = best(checks)
        for one, check in checks.items():
            say(f"{one}: {check.in_words}")
        if checks[name].verdict == "degenerate":
            raise Degenerate
        say(f"the student learns by the depth of the {name}")
        keep(self.networks[name], self.learning.labels)

    def _check(self) -> Stage:
        files = self.out / OUTCOME_FILE, self.out / SHEET_FILE
        model, pictures = self.out / MODEL_FILE, self.out / PICTURES
        outputs = (file_output(files[0]), weights_output(model), folder_output(pictures))
        made_from = Identity.of(self.config, only=("shown",))
        return Stage("check", made_from, self._keep_the_best, outputs, (*files, model, pictures))

    def _keep_the_best(self) -> None:
        checks = self.judged()
        name = best(checks)
        if checks[name].verdict == "degenerate":
            raise Degenerate
        keep(self.networks[name], self.out / MODEL_FILE)
        shown = [one.to_dict() for one in self.show(name)]
        write_json(self.out / OUTCOME_FILE, {"kept": name, "shown": shown})

    def outcome(self) -> tuple[str | None, list[Shown]]:
        """The name of what is kept, and what is shown; without anything to keep, what is the least bad."""
        file = self.out / OUTCOME_FILE
        if file.exists():
            found = read_json(file)
            return found["kept"], [Shown.from_dict(one, str(file)) for one in found["shown"]]
        return None, self.show(best(self.judged()))

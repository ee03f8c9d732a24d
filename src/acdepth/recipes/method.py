"""The whole method on footage that is there, each of its stages done once."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.files import write_json
from acdepth.core.identity import Identity
from acdepth.core.lock import sole_writer
from acdepth.core.progress import progress
from acdepth.core.provenance import provenance
from acdepth.data.folder import count_targets, open_data
from acdepth.data.parts import describe_part
from acdepth.diffusion.model import model_folder
from acdepth.evaluation.predict import NetworkModel
from acdepth.evaluation.run import FRAMES_FILE, RESULTS_FILE, Options, run
from acdepth.evaluation.schema import Data
from acdepth.inference.model import open_model
from acdepth.networks.checkpoint import MODEL_FILE
from acdepth.networks.pose_net import POSE_FILE
from acdepth.pipeline.outputs import file_output, folder_output, translations_output, weights_output
from acdepth.pipeline.stages import Pipeline, Stage
from acdepth.recipes.method_config import MethodConfig
from acdepth.student.settings import StudentConfig
from acdepth.student.training import student_files, train_student
from acdepth.teacher.training import MOTION_FILE, teacher_identity, train_teacher
from acdepth.translator import SimulatedWeather
from acdepth.translator.adapters import adapters_hash, base_facts, load_card
from acdepth.translator.depth_source import TeacherDepth
from acdepth.translator.diffused import DiffusedWeather
from acdepth.translator.training import ADAPTERS, train_translator, translator_identity
from acdepth.translator.translate import translate

PAGES = ("report.html", "table.md", "run.json", "config.yaml")
"""Files of a run folder that tell about its results."""


class Method:
    """Stages of the method in one folder.

    Args:
        config: settings.
        training: footage; only what is clear in it is learnt from.
        evaluation: footage with measured depth.
        out: gets a folder per stage, and the results.
        adverse: footage whose adverse frames the translator learns to imitate; ``training`` by default.
    """

    def __init__(
        self, config: MethodConfig, training: Path, evaluation: Path, out: Path, adverse: Path | None = None
    ) -> None:
        self.config, self.training, self.evaluation, self.out = config, training, evaluation, out
        self.adverse = adverse or training
        self.translations = out / "translations"
        names = ("teacher", "control", "student") if config.control else ("teacher", "student")
        self.weights = {name: out / name / MODEL_FILE for name in names}

    def stages(self, training: str | None, evaluation: str | None, adverse: str | None = None) -> list[Stage]:
        """All stages, in order, each with what it depends on beyond the earlier ones.

        Args:
            training: changes when the training footage does; None where an earlier stage makes it.
            evaluation: likewise for the evaluation's.
            adverse: likewise for what the translator learns to imitate.
        """
        config, student = self.config, self.config.student
        made_from = Identity.of(student).and_facts(student_files(student, config.prior))
        stages = [
            self._teacher(training),
            *([self._translator(training, adverse)] if config.trains_translator else []),
            self._translation(),
            self._student("student", student, made_from),
        ]
        if config.control:
            clear_only = student.model_copy(update={"mix": {Condition.CLEAR: 1.0}})
            stages.append(self._student("control", clear_only, Identity()))
        return [*stages, self._evaluation(evaluation)]

    def run(self, stages: Sequence[Stage], title: str, notes: list[str]) -> None:
        """Do the stages that are not done yet; then ``run.json`` tells the report about them.

        Args:
            stages: those of `stages`, and what a recipe does before.
            title: of the run.
            notes: what a reader of its results must know.
        """
        with sole_writer(self.out):
            pipeline = Pipeline(stages, self.out, [self.out / page for page in PAGES])
            pipeline.put_stale_aside()  # before, so that the settings never stand beside results of others
            self.config.write(self.out / "config.yaml")
            seconds = pipeline.run()
            about = {"title": title, "made_by": provenance(), "config": self.config.to_dict()}
            write_json(self.out / "run.json", {**about, "seconds": seconds, "notes": notes})

    def training_footage(self) -> list[Clip]:
        """The clear sequences that teacher and student learn on."""
        footage = open_data(self.training, choice=self.config.teacher)
        return [clip for clip in footage if clip.condition is Condition.CLEAR]

    def evaluation_footage(self) -> list[Clip]:
        """The sequences that are measured on, of every condition."""
        return open_data(self.evaluation, choice=self.config.evaluation_footage)

    def _teacher(self, training: str | None) -> Stage:
        config, folder = self.config.teacher, self.out / "teacher"
        files = (file_output(folder / POSE_FILE), file_output(folder / MOTION_FILE))
        outputs = (weights_output(self.weights["teacher"]), *files)
        train = partial(train_teacher, config, self.training, folder)
        return Stage("teacher", teacher_identity(config, training), train, outputs, (folder,))

    def _translator(self, training: str | None, adverse: str | None) -> Stage:
        config, folder = self.config, self.out / "translator"
        assert config.translator is not None
        footage, start = (training, adverse), config.adapters_folder
        made_from = translator_identity(config.translator, *footage, config.prior, start)
        given = self.training, [self.adverse], config.prior, folder, config.adapters
        train = partial(train_translator, config.translator, *given)
        return Stage("translator", made_from, train, (folder_output(folder / ADAPTERS),), (folder,))

    def _student(self, name: str, config: StudentConfig, made_from: Identity) -> Stage:
        outputs, folder = (weights_output(self.weights[name]),), self.out / name
        given = self.training, self.translations, self.weights["teacher"], self.config.prior
        train = partial(train_student, config, *given, folder)
        return Stage(name, made_from, train, outputs, (folder,))

    def _translation(self) -> Stage:
        config, adapters = self.config, self.config.adapters_folder
        made_from = Identity.of(config, only=("translated", "severity", "seed"))
        if config.method == "diffusion":
            made_from = Identity.of(config, only=("translated", "method"))
            if adapters and not config.trains_translator:
                base = base_facts(model_folder(Path(load_card(adapters).base)))
                made_from = made_from.and_facts({"adapters' content": adapters_hash(adapters), **base})
        outputs = (translations_output(self.translations),)
        return Stage("translate", made_from, self._translate, outputs, (self.translations,))

    def _evaluation(self, footage: str | None) -> Stage:
        facts = {"interval seed": self.config.seed, "evaluation footage": footage}
        made_from = Identity.of(self.config.measured_by()).and_facts(facts)
        files, examples = (self.out / RESULTS_FILE, self.out / FRAMES_FILE), self.out / "examples"
        outputs = (*(file_output(file) for file in files), folder_output(examples))
        return Stage("evaluate", made_from, self._evaluate, outputs, (*files, examples))

    def _translate(self) -> None:
        clips, config = self.training_footage(), self.config
        if config.method == "diffusion":
            trained = self.out / "translator" / ADAPTERS
            adapters = trained if config.trains_translator else config.adapters
            assert adapters is not None
            translator, depth = DiffusedWeather(adapters), None
        else:
            depth = TeacherDepth(self.weights["teacher"])
            translator = SimulatedWeather(config.severity, depth.model.device)
        with progress("translate", count_targets(clips), unit="image") as advance:
            translate(clips, self.translations, translator, depth, config.translation(), progress=advance)

    def _evaluate(self) -> None:
        models = [NetworkModel(open_model(path, name)) for name, path in self.weights.items()]
        footage, protocol = self.evaluation_footage(), self.config.measured_by()
        shown = tuple(name for name in self.weights if name != "control")
        options = Options(seed=self.config.seed, shown=shown)
        run(models, footage, protocol, self.out, options, {"data": self._about_data(footage)})

    def _about_data(self, footage: list[Clip]) -> Data:
        data, choice = self.evaluation, self.config.evaluation_footage
        about = describe_part(data, choice.split, choice.cameras, footage)
        # Within the run it is told from there, so that equal runs in two places have equal results.
        if data.is_relative_to(self.out):
            return about.model_copy(update={"path": data.relative_to(self.out).as_posix()})
        return about

"""The whole method on footage that is there, each of its stages done once."""

from collections.abc import Callable
from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.files import hash_file
from acdepth.core.progress import progress
from acdepth.core.shipped import PRIOR, or_shipped
from acdepth.data.folder import count_targets, open_data
from acdepth.data.parts import describe_part
from acdepth.diffusion.model import model_folder
from acdepth.evaluation.evaluate import evaluate
from acdepth.evaluation.examples import export_examples
from acdepth.evaluation.results import summarise
from acdepth.evaluation.schema import Data, write_results, write_rows
from acdepth.networks.checkpoint import MODEL_FILE
from acdepth.networks.imagenet import encoder_file
from acdepth.networks.pose_net import POSE_FILE
from acdepth.prior.depth_anything import content_of
from acdepth.recipes.inputs import Inputs
from acdepth.recipes.method_config import MethodConfig
from acdepth.recipes.outputs import file_output, folder_output, translations_output, weights_output
from acdepth.recipes.stages import Stage
from acdepth.runtime.devices import choose_device
from acdepth.runtime.scored import scored_model
from acdepth.student.task import StudentConfig
from acdepth.student.training import train_student
from acdepth.teacher.training import MOTION_FILE, train_teacher
from acdepth.translator import SimulatedWeather, translate
from acdepth.translator.adapters import adapters_hash, base_hash
from acdepth.translator.depth_source import TeacherDepth
from acdepth.translator.diffused import DiffusedWeather
from acdepth.translator.training import ADAPTERS, judged_by, train_translator

RESULTS_FILE, FRAMES_FILE = "results.json", "frames.jsonl"


class Method:
    """Stages of the method in one folder.

    Args:
        config: settings.
        training: footage; only what is clear in it is learnt from.
        evaluation: footage with measured depth.
        out: gets a folder per stage, ``results.json``, ``frames.jsonl`` and ``examples``.
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
        stages = [
            self._training(
                "teacher",
                Inputs.of(config.teacher).and_facts(
                    {**_starting_points(config), "training footage": training}
                ),
                self._train_teacher,
                (self.out / "teacher" / POSE_FILE, self.out / "teacher" / MOTION_FILE),
            ),
            *([self._translator(training, adverse)] if self.config.trains_translator else []),
            self._translation(),
            self._training(
                "student",
                Inputs.of(student).and_facts(_student_facts(config)),
                lambda: self._train_student(student, "student"),
            ),
        ]
        if config.control:
            clear_only = student.model_copy(update={"mix": {Condition.CLEAR: 1.0}})
            stages.append(
                self._training("control", Inputs(), lambda: self._train_student(clear_only, "control"))
            )
        return [*stages, self._evaluation(evaluation)]

    def training_footage(self) -> list[Clip]:
        """The clear sequences that teacher and student learn on."""
        footage = open_data(self.training, choice=self.config.teacher)
        return [clip for clip in footage if clip.condition is Condition.CLEAR]

    def evaluation_footage(self) -> list[Clip]:
        """The sequences that are measured on, of every condition."""
        return open_data(self.evaluation, choice=self.config.evaluation_footage)

    def _training(
        self, name: str, inputs: Inputs, train: Callable[[], None], more: tuple[Path, ...] = ()
    ) -> Stage:
        outputs = (weights_output(self.weights[name]), *(file_output(path) for path in more))
        return Stage(name, inputs, train, outputs, (self.out / name,))

    def _translator(self, training: str | None, adverse: str | None) -> Stage:
        config = self.config.translator
        assert config is not None
        folder = self.out / "translator"
        facts = {
            "base": base_hash(model_folder(config.base)),
            "training footage": training,
            "adverse footage": adverse,
            **_prior_fact(self.config),
            **_adapters_fact(self.config),
            "judge's content": judged_by(config),
        }
        outputs = (folder_output(folder / ADAPTERS),)
        return Stage(
            "translator", Inputs.of(config).and_facts(facts), self._train_translator, outputs, (folder,)
        )

    def _translation(self) -> Stage:
        inputs = Inputs.of(self.config, only=("translated", "severity", "seed"))
        if self.config.method == "diffusion":
            inputs = Inputs.of(self.config, only=("translated", "method"))
            if not self.config.trains_translator:
                inputs = inputs.and_facts(_adapters_fact(self.config))
        return Stage(
            "translate",
            inputs,
            self._translate,
            (translations_output(self.translations),),
            (self.translations,),
        )

    def _evaluation(self, footage: str | None) -> Stage:
        inputs = Inputs.of(self.config.measured_by()).and_facts(
            {"interval seed": self.config.seed, "evaluation footage": footage}
        )
        files, examples = (self.out / RESULTS_FILE, self.out / FRAMES_FILE), self.out / "examples"
        outputs = (*(file_output(file) for file in files), folder_output(examples))
        return Stage("evaluate", inputs, self._evaluate, outputs, (*files, examples))

    def _train_teacher(self) -> None:
        train_teacher(self.config.teacher, self.training, self.out / "teacher")

    def _train_translator(self) -> None:
        config = self.config
        assert config.translator is not None
        train_translator(
            config.translator,
            self.training,
            [self.adverse],
            config.prior,
            self.out / "translator",
            config.adapters,
        )

    def _translate(self) -> None:
        clips, config = self.training_footage(), self.config
        if config.method == "diffusion":
            adapters = (
                self.out / "translator" / ADAPTERS if self.config.trains_translator else config.adapters
            )
            assert adapters is not None
            translator, depth = DiffusedWeather(adapters, device=choose_device()), None
        else:
            translator, depth = SimulatedWeather(config.severity), TeacherDepth(self.weights["teacher"])
        with progress("translate", count_targets(clips), unit="image") as advance:
            translate(clips, self.translations, translator, depth, config.translation(), progress=advance)

    def _train_student(self, config: StudentConfig, name: str) -> None:
        train_student(
            config,
            self.training,
            self.translations,
            self.weights["teacher"],
            self.config.prior,
            self.out / name,
        )

    def _evaluate(self) -> None:
        models = [scored_model(name, path)[0] for name, path in self.weights.items()]
        footage, protocol = self.evaluation_footage(), self.config.measured_by()
        with progress("evaluate", count_targets(footage), unit="frame") as advance:
            rows = evaluate(models, footage, protocol, advance)
        write_rows(self.out / FRAMES_FILE, rows)
        shown = [model for model in models if model.name != "control"]
        export_examples(rows, shown, "student", footage, protocol, self.out / "examples")
        results = summarise(rows, protocol, self.config.seed, data=self._about_data(footage))
        write_results(self.out / RESULTS_FILE, results)

    def _about_data(self, footage: list[Clip]) -> Data:
        data, choice = self.evaluation, self.config.evaluation_footage
        about = describe_part(data, choice.split, choice.cameras, footage)
        # Within the run it is told from there, so that equal runs in two places have equal results.
        if data.is_relative_to(self.out):
            return about.model_copy(update={"path": data.relative_to(self.out).as_posix()})
        return about


def _starting_points(config: MethodConfig) -> dict[str, str]:
    """Hashes of the files that the teacher starts from."""
    teacher, facts = config.teacher, {}
    if teacher.encoder is not None:
        facts["encoder's content"] = hash_file(encoder_file(teacher.encoder))
    if teacher.start is not None:
        facts["start's content"] = hash_file(teacher.start / MODEL_FILE)
    return facts


def _adapters_fact(config: MethodConfig) -> dict[str, str]:
    adapters = config.adapters_folder
    return {"adapters' content": adapters_hash(adapters)} if adapters else {}


def _prior_fact(config: MethodConfig) -> dict[str, str]:
    return {"prior": content_of(or_shipped(config.prior, PRIOR))}


def _student_facts(config: MethodConfig) -> dict[str, str]:
    student, facts = config.student, _prior_fact(config)
    if student.start_from == "encoder" and student.encoder is not None:
        facts["encoder's content"] = hash_file(encoder_file(student.encoder))
    return facts

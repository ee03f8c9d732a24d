"""What learns on footage that is there: a teacher, its weather and a student, each stage done once."""

from functools import partial
from pathlib import Path

from acdepth.core.clip import Clip, clear_clips
from acdepth.core.condition import Condition
from acdepth.core.identity import Identity
from acdepth.core.progress import progress
from acdepth.data.folder import count_targets, open_data
from acdepth.diffusion.model import model_folder
from acdepth.networks.checkpoint import MODEL_FILE
from acdepth.networks.pose_net import POSE_FILE
from acdepth.pipeline.outputs import file_output, folder_output, translations_output, weights_output
from acdepth.pipeline.stages import Stage
from acdepth.recipes.learning_config import LearningConfig
from acdepth.student.settings import StudentConfig
from acdepth.student.training import student_files, train_student
from acdepth.teacher.training import MOTION_FILE, teacher_identity, train_teacher
from acdepth.translator import SimulatedWeather
from acdepth.translator.adapters import adapters_hash, base_facts, load_card
from acdepth.translator.depth_source import TeacherDepth
from acdepth.translator.diffused import DiffusedWeather
from acdepth.translator.training import ADAPTERS, train_translator, translator_identity
from acdepth.translator.translate import translate


class Learning:
    """Stages of learning in one folder.

    Args:
        config: settings.
        training: footage; only what is clear in it is learnt from.
        out: gets a folder per stage.
        adverse: footage whose adverse frames the translator learns to imitate; ``training`` by default.
        labels: checkpoint whose depth simulated weather is drawn by and the student learns from; the
            teacher's by default.
    """

    def __init__(
        self,
        config: LearningConfig,
        training: Path,
        out: Path,
        adverse: Path | None = None,
        labels: Path | None = None,
    ) -> None:
        self.config, self.training, self.out = config, training, out
        self.adverse = adverse or training
        self.translations = out / "translations"
        names = ("teacher", "control", "student") if config.control else ("teacher", "student")
        self.weights = {name: out / name / MODEL_FILE for name in names}
        self.labels = labels or self.weights["teacher"]

    def teacher(self, training: str | None) -> Stage:
        """Learns depth; ``training`` changes when the footage does, None where an earlier stage makes it."""
        config, folder = self.config.teacher, self.out / "teacher"
        files = (file_output(folder / POSE_FILE), file_output(folder / MOTION_FILE))
        outputs = (weights_output(self.weights["teacher"]), *files)
        train = partial(train_teacher, config, self.training, folder)
        return Stage("teacher", teacher_identity(config, training), train, outputs, (folder,))

    def students(self, training: str | None, adverse: str | None = None) -> list[Stage]:
        """What follows on a teacher; ``adverse`` changes when what the translator learns to imitate does."""
        config, student = self.config, self.config.student
        made_from = Identity.of(student).and_facts(student_files(student, config.prior))
        stages = [
            *([self._translator(training, adverse)] if config.trains_translator else []),
            self._translation(),
            self._student("student", student, made_from),
        ]
        if config.control:
            clear_only = student.model_copy(update={"mix": {Condition.CLEAR: 1.0}})
            stages.append(self._student("control", clear_only, Identity()))
        return stages

    def training_footage(self) -> list[Clip]:
        """The clear sequences that teacher and student learn on."""
        return clear_footage(self.config, self.training)

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
        given = self.training, self.translations, self.labels, self.config.prior
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

    def _translate(self) -> None:
        clips, config = self.training_footage(), self.config
        if config.method == "diffusion":
            trained = self.out / "translator" / ADAPTERS
            adapters = trained if config.trains_translator else config.adapters
            assert adapters is not None
            translator, depth = DiffusedWeather(adapters), None
        else:
            depth = TeacherDepth(self.labels)
            translator = SimulatedWeather(config.severity, depth.model.device)
        with progress("translate", count_targets(clips), unit="image") as advance:
            translate(clips, self.translations, translator, depth, config.translation(), progress=advance)


def clear_footage(config: LearningConfig, footage: Path) -> list[Clip]:
    """The clear sequences that teacher and student learn on."""
    return clear_clips(open_data(footage, choice=config.teacher))

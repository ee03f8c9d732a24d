"""One cell of the grid: a student of one variant and seed, trained and measured in a folder of its own."""

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.files import write_text
from acdepth.core.identity import Identity
from acdepth.engine.state import STATES
from acdepth.evaluation.predict import NetworkModel
from acdepth.evaluation.run import FRAMES_FILE, RESULTS_FILE, Options, run
from acdepth.evaluation.schema import AblationCell, FrameRow, read_rows
from acdepth.inference.model import open_model
from acdepth.networks.checkpoint import MODEL_FILE
from acdepth.pipeline.outputs import file_output, weights_output
from acdepth.pipeline.stages import Pipeline, Stage
from acdepth.recipes.ablation.sources import Sources
from acdepth.student.settings import StudentConfig
from acdepth.student.training import train_student

FAILED_FILE = "failed.txt"


@dataclass(frozen=True)
class Shared:
    """What all cells have in common, read once."""

    sources: Sources
    prepared: Path
    """Folder of the prepared training images."""
    footage: tuple[Clip, ...]
    """The evaluation's."""
    evaluation_facts: dict[str, str]
    """What the measuring depends on beside the protocol."""
    interval_seed: int


class Cell:
    """One network of the table; for the teacher, which is only measured, ``seed`` and ``student`` are None.

    ``facts`` tell what the training depends on beside the student's settings.
    """

    def __init__(
        self,
        variant: str,
        seed: int | None,
        student: StudentConfig | None,
        facts: dict[str, str],
        folder: Path,
        shared: Shared,
    ) -> None:
        self.variant, self.seed, self.student = variant, seed, student
        self.folder, self.shared = folder, shared
        self.weights = folder / "student" / MODEL_FILE if student else shared.sources.teacher
        self.pipeline = Pipeline([*self._training(facts), self._evaluation(facts)], folder)

    @property
    def title(self) -> str:
        """What people call it."""
        return self.variant if self.seed is None else f"{self.variant}, seed {self.seed}"

    def is_done(self) -> bool:
        """Whether trained and measured, and all files are as they were left."""
        return self.pipeline.is_done()

    def seems_done(self) -> bool:
        """Whether its results are there, told without reading them."""
        return (self.folder / RESULTS_FILE).exists()

    def failure(self) -> str | None:
        """Why it cannot be done, as long as nobody has let it be tried again."""
        path = self.folder / FAILED_FILE
        return path.read_text(encoding="utf-8").strip() if path.exists() else None

    def forget_failure(self) -> None:
        """Let it be tried again."""
        (self.folder / FAILED_FILE).unlink(missing_ok=True)

    def run(self) -> None:
        """Train and measure, going on from where it was; an error is written down and not raised."""
        try:
            self.pipeline.run()
        except UserError as error:
            write_text(self.folder / FAILED_FILE, f"{error}\n")

    def rows(self) -> list[FrameRow]:
        """The errors of each frame."""
        return read_rows(self.folder / FRAMES_FILE)

    def _training(self, facts: dict[str, str]) -> list[Stage]:
        if self.student is None:
            return []
        inputs, out = Identity.of(self.student).and_facts(facts), self.folder / "student"
        of = self.shared.sources
        given = of.data, of.translations, of.teacher, of.prior, out, self.shared.prepared
        train = partial(train_student, self.student, *given)
        return [Stage("student", inputs, train, (weights_output(self.weights),), (out,))]

    def _evaluation(self, facts: dict[str, str]) -> Stage:
        shared = self.shared
        measured = {**shared.evaluation_facts, **({} if self.student else facts)}
        inputs = Identity.of(shared.sources.protocol).and_facts(measured)
        files = (self.folder / RESULTS_FILE, self.folder / FRAMES_FILE)
        return Stage("evaluate", inputs, self._evaluate, tuple(map(file_output, files)), files)

    def _evaluate(self) -> None:
        shared, protocol = self.shared, self.shared.sources.protocol
        # Its weights are done: the states, three times as large, have nothing to resume any more.
        shutil.rmtree(self.folder / "student" / STATES, ignore_errors=True)
        device = "cpu" if self.student and self.student.loop.device == "cpu" else "auto"
        model = NetworkModel(open_model(self.weights, self.variant, device))
        about = {"cell": AblationCell(variant=self.variant, seed=self.seed)}
        options = Options(seed=shared.interval_seed, shown=())
        run([model], shared.footage, protocol, self.folder, options, about)

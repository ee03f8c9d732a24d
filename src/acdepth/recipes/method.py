"""The whole method on footage that is there, measured at the end; each of its stages done once."""

from collections.abc import Sequence
from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.files import write_json
from acdepth.core.identity import Identity
from acdepth.core.lock import sole_writer
from acdepth.core.provenance import provenance
from acdepth.data.folder import open_data
from acdepth.data.parts import describe_part
from acdepth.evaluation.predict import NetworkModel
from acdepth.evaluation.run import FRAMES_FILE, RESULTS_FILE, Options, run
from acdepth.evaluation.schema import Data
from acdepth.inference.model import open_model
from acdepth.pipeline.outputs import file_output, folder_output
from acdepth.pipeline.stages import Pipeline, Stage
from acdepth.recipes.learning import Learning
from acdepth.recipes.method_config import MethodConfig

PAGES = ("report.html", "table.md", "run.json", "config.yaml")
"""Files of a run folder that tell about its results."""


class Method(Learning):
    """Stages of the method in one folder.

    Args:
        config: settings.
        training: footage; only what is clear in it is learnt from.
        evaluation: footage with measured depth.
        out: gets a folder per stage, and the results.
        adverse: footage whose adverse frames the translator learns to imitate; ``training`` by default.
    """

    config: MethodConfig

    def __init__(
        self, config: MethodConfig, training: Path, evaluation: Path, out: Path, adverse: Path | None = None
    ) -> None:
        super().__init__(config, training, out, adverse)
        self.evaluation = evaluation

    def stages(self, training: str | None, evaluation: str | None, adverse: str | None = None) -> list[Stage]:
        """All stages, in order, each with what it depends on beyond the earlier ones.

        Args:
            training: changes when the training footage does; None where an earlier stage makes it.
            evaluation: likewise for the evaluation's.
            adverse: likewise for what the translator learns to imitate.
        """
        return [self.teacher(training), *self.students(training, adverse), self._evaluation(evaluation)]

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
            write_json(self.out / "run.json", {**about, "seconds": seconds, "notes": notes}, sort=False)

    def evaluation_footage(self) -> list[Clip]:
        """The sequences that are measured on, of every condition."""
        return open_data(self.evaluation, choice=self.config.evaluation_footage)

    def _evaluation(self, footage: str | None) -> Stage:
        facts = {"interval seed": self.config.seed, "evaluation footage": footage}
        made_from = Identity.of(self.config.measured_by()).and_facts(facts)
        files, examples = (self.out / RESULTS_FILE, self.out / FRAMES_FILE), self.out / "examples"
        outputs = (*(file_output(file) for file in files), folder_output(examples))
        return Stage("evaluate", made_from, self._evaluate, outputs, (*files, examples))

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

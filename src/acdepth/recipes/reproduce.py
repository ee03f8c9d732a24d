"""The paper's experiment on a data set that is there, ending with the paper's table beside ours."""

from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.core.files import check_folder, hash_json
from acdepth.data.folder import count_targets, open_data
from acdepth.data.prepared import fingerprint
from acdepth.pipeline.folder import claim
from acdepth.recipes.checks import RecordedDataSet, check_networks, check_root
from acdepth.recipes.method import Method
from acdepth.recipes.method_config import MethodConfig
from acdepth.recipes.plan import PlannedStage, count_footage, plan_method


class ReproduceConfig(MethodConfig):
    """Settings of a reproduction."""

    control: bool = False
    """The paper has none."""


class Reproduction:
    """The experiment on a data set, which lies at ``root`` as its owners lay it out, in the folder ``out``.

    Raises:
        UserError: if something is missing or unreadable that the run will need; nothing is written before.
    """

    def __init__(self, data_set: RecordedDataSet, config: ReproduceConfig, root: Path, out: Path) -> None:
        check_folder(out, "--out")
        check_root(data_set, root, config)
        check_networks(config)
        self.data_set, self.config, self.root, self.out = data_set, config, root, out
        self.method = Method(config, root, root, out)
        self.training, self.evaluation = self.method.training_footage(), self.method.evaluation_footage()
        if not count_targets(self.training):
            raise UserError(root, f"split {config.teacher.split} has no clear frame to learn on")

    def plan(self, steps: int) -> list[PlannedStage]:
        """What it will cost, timed on ``steps`` steps of each training."""
        height, width = self.evaluation[0].image(0).shape[:2]
        counts = count_footage(self.training, self.evaluation)
        return plan_method(self.config, self.training, height * width, counts, steps)

    def run(self) -> None:
        """Do what is not done yet, and write ``run.json``."""
        teacher = self.config.teacher
        training = fingerprint(self.training, teacher.image_size, teacher.crop, resize=teacher.resize)
        evaluation = fingerprint(self.evaluation, teacher.image_size, None, reach=0)
        stages = self.method.stages(training, evaluation, self._adverse_fingerprint())
        claim(self.out, self.data_set, self.root, hash_json([training, evaluation]))
        self.method.run(stages, f"acdepth reproduce {self.data_set}", self._notes())

    def _adverse_fingerprint(self) -> str | None:
        """Of what the translator learns to imitate; None where none is trained."""
        translator = self.config.translator
        if translator is None or not self.config.trains_translator:
            return None
        footage = open_data(self.root, choice=translator)
        adverse = [clip for clip in footage if clip.condition in translator.conditions]
        return fingerprint(adverse, translator.image_size, translator.crop, reach=0)

    def _notes(self) -> list[str]:
        return [
            f"{len(self.training)} clear training sequences, {len(self.evaluation)} evaluation sequences.",
            self._about_translations(),
            f"Prior: {self.config.prior}. Encoder: {self.config.teacher.encoder or 'random weights'}.",
            "One seed: the intervals tell how other drives would vary, not other trainings.",
        ]

    def _about_translations(self) -> str:
        translator = self.config.translator
        if self.config.method == "simulate":
            how = "image-space simulations on the teacher's depth, not the paper's diffusion translations"
        elif translator is None:
            how = f"diffusion translations by the adapters {self.config.adapters}"
        else:
            trained = f"trained for {translator.loop.steps} steps on unpaired images of the training split"
            how = f"diffusion translations by {translator.base} with adapters {trained}"
        return f"Adverse training images are {how}."

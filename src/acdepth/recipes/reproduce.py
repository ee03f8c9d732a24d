"""The paper's experiment on a data set that is there, ending with the paper's table beside ours."""

from pathlib import Path
from typing import Literal

from acdepth.core.errors import UserError
from acdepth.core.files import read_json, write_json
from acdepth.core.provenance import provenance
from acdepth.data.prepared import fingerprint
from acdepth.recipes.method import Method, MethodConfig
from acdepth.recipes.paper import Table, ours, published
from acdepth.recipes.stages import run_stages

DataSet = Literal["nuscenes", "robotcar", "world"]
RESULTS_FILE = "results.json"


class ReproduceConfig(MethodConfig):
    """Settings of a reproduction."""

    control: bool = False
    """The paper has none."""


class Reproduction:
    """One data set's experiment in one folder.

    Args:
        data_set: decides which published table stands beside ours.
        config: settings.
        root: of the data set, as its owners lay it out.
        out: folder of the run.
    """

    def __init__(self, data_set: DataSet, config: ReproduceConfig, root: Path, out: Path) -> None:
        if not root.is_dir():
            raise UserError(f"{root}: no such folder; --root is the data set's own folder")
        self.data_set, self.config, self.out = data_set, config, out
        self.method = Method(config, root, root, out)

    def run(self) -> None:
        """Do what is not done yet, and write ``run.json``."""
        self.config.write(self.out / "config.yaml")
        training, evaluation = self.method.training_footage(), self.method.evaluation_footage()
        size, crop = self.config.teacher.image_size, self.config.teacher.crop
        stages = self.method.stages(
            training=fingerprint(training, size, crop),
            evaluation=fingerprint(evaluation, size, None, reach=0),
        )
        seconds = run_stages(stages, self.out)
        write_json(
            self.out / "run.json",
            {
                "title": f"acdepth reproduce {self.data_set}",
                "made_by": provenance(),
                "config": self.config.to_dict(),
                "seconds": seconds,
                "notes": self._notes(len(training), len(evaluation)),
            },
        )

    def table(self) -> Table:
        """Published rows and ours; ours say "not run" where there is no result yet."""
        path = self.out / RESULTS_FILE
        table = published(self.data_set)
        results = read_json(path) if path.exists() else {}
        return table.with_rows(ours(results, table.conditions, ("teacher", "student")))

    def _notes(self, training: int, evaluation: int) -> list[str]:
        return [
            f"{training} clear training sequences, {evaluation} evaluation sequences.",
            "Adverse training images are image-space simulations on the teacher's depth, not the paper's "
            "diffusion translations.",
            f"Prior: {self.config.prior}. Encoder: {self.config.teacher.encoder or 'random weights'}.",
            "One seed: the intervals tell how other drives would vary, not other trainings.",
        ]

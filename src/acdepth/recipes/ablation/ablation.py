"""An ablation in one folder: its cells, each done by the process that comes first, and their summary."""

import time
from contextlib import AbstractContextManager
from itertools import product
from pathlib import Path

from rich.console import Console

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import check_folder, hash_file, write_json
from acdepth.core.identity import in_one_line
from acdepth.core.lock import Taken, sole_writer
from acdepth.core.provenance import provenance
from acdepth.core.shipped import PRIOR, or_shipped
from acdepth.data.folder import open_data
from acdepth.data.manifest import Manifest
from acdepth.data.parts import describe_part
from acdepth.data.prepared import fingerprint
from acdepth.networks.checkpoint import MODEL_FILE, load_checkpoint
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.recipes.ablation.cell import Cell, Shared
from acdepth.recipes.ablation.config import TEACHER, AblationConfig
from acdepth.recipes.ablation.sources import Sources
from acdepth.recipes.ablation.summary import summarise_cells
from acdepth.student.settings import StudentConfig
from acdepth.student.training import (
    clear_fingerprint,
    clear_footage,
    prepare_mix,
    student_files,
    translations_made_by,
)

SUMMARY_FILE = "ablation.json"
OF_OTHERS = ("stages", "results.json", MODEL_FILE)
"""What the folders of other verbs hold, and that of an ablation does not."""
SECONDS_BETWEEN_TRIES = 2.0
"""While all cells that are left are other processes'."""


class Ablation:
    """A grid of students in one folder: ``cells/VARIANT/seed-N/``, ``prepared/``, ``ablation.json``.

    Raises:
        UserError: if something is missing that a cell will need, or ``out`` is begun with other settings or
            data; nothing is written before.
    """

    def __init__(self, config: AblationConfig, sources: Sources, out: Path) -> None:
        check_folder(out, "--out")
        if any((out / name).exists() for name in OF_OTHERS):
            remedy = "give the ablation one of its own"
            raise UserError(f"--out {out}", "is the folder of another run", remedy)
        self.config, self.sources, self.out = config, sources, out
        self.students = config.students(sources.student)
        _, self.card = load_checkpoint(sources.teacher)
        self._check_prior()
        self.footage = open_data(sources.evaluation, choice=sources.evaluation_footage)
        self.cells = self._make_cells()
        self._refuse_other_grid()
        self.console = Console(stderr=True, soft_wrap=True, highlight=False)

    def begin(self) -> None:
        """Write down the settings, prepare the images, and let cells be tried again that failed before."""
        with self._writing():
            settings = {"student": self.sources.student, "protocol": self.sources.protocol.name}
            self.config.model_copy(update=settings).write(self.out / "config.yaml")
            for cell in self.cells:
                cell.forget_failure()
            prepared = self.out / "prepared"
            every = dict.fromkeys((Condition.CLEAR, *self._degraded()), 1.0)
            mixed = self.sources.student.model_copy(update={"mix": every})
            footage = clear_footage(mixed, self.sources.data, self.sources.translations)
            prepare_mix(mixed, footage, self.sources.translations, self.card, prepared)

    def work(self) -> None:
        """Do one cell after another; returns when all are done or failed, also those of other processes."""
        left, waits = list(self.cells), False
        while left:
            some = [cell for cell in left if not self._settle(cell)]
            if len(some) == len(left):
                if not waits:
                    self.console.print(f"{len(left)} cells are other processes'; waiting for them")
                waits = True
                time.sleep(SECONDS_BETWEEN_TRIES)
            left = some

    def summarise(self) -> None:
        """Write ``ablation.json`` of the cells that are done, and ``run.json`` about them.

        Raises:
            UserError: if none is done, or two were measured on different frames.
        """
        done = [cell for cell in self.cells if cell.is_done()]
        choice, data = self.sources.evaluation_footage, self.sources.evaluation
        about = describe_part(data, choice.split, choice.cameras, self.footage)
        missing = [cell.title for cell in self.cells if cell not in done]
        summary = summarise_cells(self.config, self.sources.protocol, done, about, missing)
        seconds = {cell.title: round(cell.pipeline.seconds(), 1) for cell in done}
        about = {"made_by": provenance(), "config": self.sources.student.to_dict(), "seconds": seconds}
        with self._writing():
            write_json(self.out / SUMMARY_FILE, summary.to_dict())
            write_json(self.out / "run.json", {"title": "acdepth ablate", **about, "notes": []})

    def failures(self) -> dict[str, str]:
        """Why cells could not be done, by their titles."""
        return {cell.title: why for cell in self.cells if (why := cell.failure())}

    def _writing(self) -> AbstractContextManager[None]:
        """For what all processes write: each waits for its turn, and what killed ones left half made goes."""
        return sole_writer(self.out, wait=True)

    def _settle(self, cell: Cell) -> bool:
        """Do a cell unless another process does; whether it is done or failed now."""
        if cell.failure() or cell.is_done():
            return True
        try:
            with sole_writer(cell.folder):
                # Meanwhile another process may have done it.
                if not (cell.failure() or cell.is_done()):
                    self._do(cell)
        except Taken:
            return False
        return True

    def _do(self, cell: Cell) -> None:
        number = self.cells.index(cell) + 1
        self.console.print(f"[bold]cell {number}/{len(self.cells)}: {cell.title}[/bold]")
        cell.run()
        if why := cell.failure():
            self.console.print(f"failed: {why}", markup=False)

    def _make_cells(self) -> list[Cell]:
        """The teacher, then for one seed after another the base and the other variants."""
        sources, size, seed = self.sources, self.card.input_size, self.config.interval_seed
        measured_on = fingerprint(self.footage, size, None, reach=0)
        measured = {"interval seed": str(seed), "evaluation footage": measured_on}
        shared = Shared(sources, self.out / "prepared", tuple(self.footage), measured, seed)
        teacher = {"teacher": hash_file(sources.teacher)}
        # The same for all, since no variant changes which footage is read.
        footage = clear_footage(sources.student, sources.data, sources.translations)
        clear = clear_fingerprint(footage, self.card)
        facts = {
            name: {**teacher, "training footage": clear, **self._facts(student)}
            for name, student in self.students.items()
        }
        order = sorted(self.students, key=lambda name: name != self.config.base)
        folder = self.out / "cells"
        cells = [Cell(TEACHER, None, None, teacher, folder / TEACHER, shared)]
        for seed, name in product(self.config.seeds, order):
            student, place = _seeded(self.students[name], seed), folder / name / f"seed-{seed}"
            cells.append(Cell(name, seed, student, facts[name], place, shared))
        return cells

    def _facts(self, student: StudentConfig) -> dict[str, str]:
        """What no setting says of what a student is made from."""
        translations, prior = self.sources.translations, self.sources.prior
        return translations_made_by(student, translations) | student_files(student, prior)

    def _check_prior(self) -> None:
        if any(student.ordinal_weight > 0 for student in self.students.values()):
            DepthAnythingPrior.from_pretrained(or_shipped(self.sources.prior, PRIOR))
        there = {condition for condition, _ in Manifest(self.sources.translations).entries}
        lacking = [condition for condition in self._degraded() if condition not in there]
        if lacking:
            what = f"has no translations into {', '.join(lacking)}, which a mix asks for"
            raise UserError(self.sources.translations, what, "make them with acdepth translate")

    def _degraded(self) -> list[Condition]:
        """Conditions that any of the students sees translations of."""
        seen = {condition for student in self.students.values() for condition in student.degraded}
        return [condition for condition in Condition if condition in seen]

    def _refuse_other_grid(self) -> None:
        for cell in self.cells:
            if changes := cell.pipeline.changes():
                what = f"holds another ablation, {cell.title} differs ({in_one_line(changes)})"
                raise UserError(self.out, what, "give another --out")


def _seeded(student: StudentConfig, seed: int) -> StudentConfig:
    return student.model_copy(update={"loop": student.loop.model_copy(update={"seed": seed})})

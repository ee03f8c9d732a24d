"""Pictures of how far a training has come: source, translation, and the way back."""

from pathlib import Path

import torch
from torch import Tensor

from acdepth.core.condition import Condition
from acdepth.core.encoding import encode
from acdepth.core.files import write_bytes
from acdepth.data.order import as_floats
from acdepth.data.pools import Pool
from acdepth.translator.task import TranslatorTask

ROWS = 4


class SampleSheet:
    """Writes the same clear images, their translations and the way back, if one is learned, over a training.

    Images are spread over the clear ones of the pools; ``folder`` gets ``step_0000200.jpg``.
    """

    def __init__(self, task: TranslatorTask, pools: dict[Condition, Pool], folder: Path) -> None:
        self.task, self.folder = task, folder
        pool = pools[Condition.CLEAR]
        chosen = [int(pool.frames[len(pool.frames) * row // ROWS]) for row in range(ROWS)]
        self.clear = as_floats([pool.image(frame, mirror=False) for frame in chosen])
        self.conditions = [condition for condition in pools if condition is not Condition.CLEAR]

    @torch.no_grad()
    def write(self, step: int) -> None:
        """Write one sheet: a row per image; source, then translation and way back per condition."""
        with self.task.as_saved() as generator:
            training = generator.training
            generator.eval()
            columns = self._columns()
            generator.train(training)
        sheet = torch.cat([torch.cat(list(column), 1) for column in columns], 2)
        pixels = ((sheet.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()
        file = self.folder / f"step_{step:07d}.jpg"
        write_bytes(file, encode(".jpg", pixels, where=file))

    def _columns(self) -> list[Tensor]:
        """(ROWS, 3, H, W) in -1..1 each."""
        make = self.task.make
        source = self.clear.to(next(self.task.parameters()).device) * 2 - 1
        day = torch.full((ROWS,), Condition.CLEAR.index, device=source.device)
        columns = [source]
        for condition in self.conditions:
            made = make(source, torch.full_like(day, condition.index), "forth")
            columns += [made, make(made, day, "back")] if self.task.goes_back else [made]
        return columns

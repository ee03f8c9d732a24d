"""What a confidence head learns by: how far a frozen student is from its teacher, who saw the clear image."""

import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.batches import MixBatch
from acdepth.data.augment import augment
from acdepth.engine import Task, counted_mean
from acdepth.networks.confidence import ConfidenceHead
from acdepth.networks.depth_net import DepthNet
from acdepth.student.confidence.settings import ConfidenceConfig
from acdepth.student.losses import expected_error_loss


class ConfidenceTask(Task):
    """The head, and the frozen networks whose distance it foretells.

    Args:
        config: settings.
        head: learns.
        student: is asked for depth of the mixed images.
        teacher: is asked for depth of the clear ones.
        teacher_size: (height, width) at which the teacher sees them.
    """

    def __init__(
        self,
        config: ConfidenceConfig,
        head: ConfidenceHead,
        student: DepthNet,
        teacher: DepthNet,
        teacher_size: tuple[int, int],
    ) -> None:
        super().__init__()
        self.config, self.head, self.teacher_size = config, head, teacher_size
        self.beside = tuple(network.eval().requires_grad_(False) for network in (student, teacher))

    def forward(self, batch: MixBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """The loss of one batch."""
        student, _ = self.beside
        shown = augment(batch.mixed, generator, self.config.augmentation)
        with torch.no_grad():
            output = student(shown, batch.night)
            apart = (output.inverse_depths[0].float().log() - self._taught(batch.clear)).abs()
        with torch.autocast(batch.clear.device.type, enabled=False):
            loss = expected_error_loss(self.head(shown, output), apart)
            return {"discrepancy": counted_mean(loss, batch.counted)}

    def _taught(self, clear: Tensor) -> Tensor:
        """Log of the teacher's inverse depth at the student's size."""
        _, teacher = self.beside
        size = clear.shape[-2:]
        if size == self.teacher_size:
            return teacher(clear).inverse_depths[0].float().log()
        seen = F.interpolate(clear, self.teacher_size, mode="bilinear", align_corners=False, antialias=True)
        found = teacher(seen).inverse_depths[0].float().log()
        return F.interpolate(found, size, mode="bilinear", align_corners=False)

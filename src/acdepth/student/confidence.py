"""What a confidence head learns by: how far a frozen student is from its teacher, who saw the clear image."""

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.batches import MixBatch
from acdepth.core.condition import Condition
from acdepth.data.augment import AugmentSettings, augment
from acdepth.data.choice import FootageChoice
from acdepth.engine import LoopSettings, Task
from acdepth.networks.confidence import ConfidenceHead, ConfidenceHeadConfig
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.frozen import frozen
from acdepth.student.task import StudentConfig


class ConfidenceConfig(FootageChoice):
    """Settings of the confidence head; the paper has none."""

    mix: dict[Condition, float] = Field(
        default={Condition.CLEAR: 1.0, Condition.NIGHT: 1.0, Condition.RAIN: 1.0}
    )
    """Parts of the conditions in what the student sees."""
    head: ConfidenceHeadConfig = ConfidenceHeadConfig()
    """Its size."""
    augmentation: AugmentSettings = AugmentSettings()
    """Colour jitter and noise on the student's input."""
    min_speed: float | None = 0.5
    """Frames slower than this [m/s] are left out, as for the student; null keeps all."""
    loop: LoopSettings = LoopSettings(
        steps=2000, batch_size=8, learning_rate=2e-3, decay="cosine", warmup_steps=20
    )
    """The training loop."""

    @property
    def shown(self) -> StudentConfig:
        """The mix as settings of a student, for what reads footage by these."""
        return StudentConfig(split=self.split, cameras=self.cameras, mix=self.mix, min_speed=self.min_speed)


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
        # In a tuple, because submodules would be saved and put into training mode with the head.
        self.networks = (frozen(student), frozen(teacher))

    def to_device(self, device: torch.device) -> None:
        """Move the frozen networks."""
        for network in self.networks:
            network.to(device=device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def forward(self, batch: MixBatch, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """The loss of one batch."""
        student, _ = self.networks
        shown = augment(batch.mixed, generator, self.config.augmentation)
        with torch.no_grad():
            output = student(shown, batch.night)
            apart = (output.inverse_depths[0].float().log() - self._taught(batch.clear)).abs()
        with torch.autocast(batch.clear.device.type, enabled=False):
            return {"discrepancy": expected_error_loss(self.head(shown, output), apart).mean()}

    def _taught(self, clear: Tensor) -> Tensor:
        """Log of the teacher's inverse depth at the student's size."""
        _, teacher = self.networks
        size = clear.shape[-2:]
        if size == self.teacher_size:
            return teacher(clear).inverse_depths[0].float().log()
        seen = F.interpolate(clear, self.teacher_size, mode="bilinear", align_corners=False, antialias=True)
        found = teacher(seen).inverse_depths[0].float().log()
        return F.interpolate(found, size, mode="bilinear", align_corners=False)


def expected_error_loss(log_expected: Tensor, error: Tensor) -> Tensor:
    """Negative log likelihood of an error under a Laplace distribution of this scale, less a constant.

    Its mean is least where the expected error is the mean of the errors, so that the head's answer has a unit
    (Kendall and Gal 2017 with L1).

    Args:
        log_expected: log of the expected error, any shape.
        error: of the same shape, not negative.

    Returns:
        Of the same shape, unreduced.
    """
    return error * torch.exp(-log_expected) + log_expected

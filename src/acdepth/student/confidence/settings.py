"""What the training of a confidence head may be told; the paper has none."""

from pydantic import Field

from acdepth.core.condition import Condition
from acdepth.data.settings import AugmentSettings, FootageChoice
from acdepth.engine.settings import LoopSettings
from acdepth.networks.settings import ConfidenceHeadConfig
from acdepth.student.settings import StudentConfig


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

"""Settings of the whole method, measured at the end."""

from acdepth.data.settings import EVERYTHING, FootageChoice
from acdepth.evaluation.protocols import Protocol, find_protocol
from acdepth.recipes.learning_config import LearningConfig


class MethodConfig(LearningConfig):
    """Settings of the whole method; those of a stage may be the name of shipped ones."""

    protocol: str = "world-80m"
    """How the evaluation footage is measured."""
    condition_known: bool = False
    """Whether networks that take it are told day or night in the evaluation, as in the published code."""
    evaluation_footage: FootageChoice = EVERYTHING
    """Which part of the footage is measured on."""

    def measured_by(self) -> Protocol:
        """The protocol, with what these settings change."""
        return find_protocol(self.protocol).model_copy(update={"condition_known": self.condition_known})

"""How translations are rated."""

from pydantic import Field

from acdepth.core.config import Config


class ClassifierSettings(Config):
    """The judges of conditions, trained anew on real images each time; deterministic."""

    judges: int = Field(default=3, gt=0)
    """Networks that learn from the same images with other draws and vote: on the built-in world the share
    that one alone calls rain differs by 20 points between seeds."""
    steps: int = Field(default=400, gt=0)
    """Batches each is trained on."""
    batch_size: int = Field(default=32, gt=0)
    """Images per batch."""
    learning_rate: float = Field(default=2e-3, gt=0)
    """Of AdamW at its peak; it rises, then falls to nothing."""
    side: int = Field(default=48, ge=16)
    """Shorter side of the images they see [px]. Small, so that they judge the scene and not a file format."""
    width: int = Field(default=32, gt=0, multiple_of=8)
    """Channels of the first layer."""
    held_out: int = Field(default=5, ge=2)
    """Every so manieth drive of real footage is not trained on, but tells how often the judges are right."""


class RateSettings(Config):
    """What is measured, on how many images."""

    images: int = Field(default=500, gt=0)
    """At most so many sources, and so many real images of each condition, evenly spread over the footage."""
    batch_size: int = Field(default=16, gt=0)
    """Images the prior sees at a time; shapes speed and memory only."""
    seed: int = 0
    """Of the classifier, of what is paired, and of the intervals."""
    classifier: ClassifierSettings = ClassifierSettings()

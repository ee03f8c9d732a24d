"""The learning rate as a pure function of the step, so that a resumed run needs no schedule state."""

import math

from acdepth.engine.settings import LoopSettings

COSINE_FLOOR = 0.01
"""Part of the learning rate that the cosine schedule ends on."""


def learning_rate(settings: LoopSettings, step: int) -> float:
    """Learning rate of step ``step`` (0 is the first)."""
    rate = settings.learning_rate
    if step < settings.warmup_steps:
        rate *= (step + 1) / settings.warmup_steps
    progress = step / settings.steps
    if settings.decay == "cosine":
        return rate * (COSINE_FLOOR + (1 - COSINE_FLOOR) * 0.5 * (1 + math.cos(math.pi * progress)))
    return rate * settings.decay_factor ** sum(progress >= part for part in settings.decay_at)

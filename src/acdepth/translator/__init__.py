"""Turns clear images into night, rain, fog and snow.

>>> import torch
>>> from acdepth.translator import adversarial_loss
>>> scores = torch.zeros(1, 1, 2, 2)  # the discriminator cannot tell
>>> round(adversarial_loss(scores, real=True, kind="sigmoid").mean().item(), 3)
0.693
"""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.translator.diffused import DiffusedWeather as DiffusedWeather
    from acdepth.translator.losses import adversarial_loss as adversarial_loss
    from acdepth.translator.losses import colour_loss as colour_loss
    from acdepth.translator.losses import depth_consistency_loss as depth_consistency_loss
    from acdepth.translator.losses import perceptual_loss as perceptual_loss
    from acdepth.translator.method import SimulatedWeather as SimulatedWeather
    from acdepth.translator.method import Translator as Translator
    from acdepth.translator.settings import TranslatorConfig as TranslatorConfig
    from acdepth.translator.task import TranslatorTask as TranslatorTask
    from acdepth.translator.training import train_translator as train_translator
    from acdepth.translator.translate import TranslateSettings as TranslateSettings

__all__, __getattr__ = lazy_names(
    __name__,
    {
        "acdepth.translator.diffused": "DiffusedWeather",
        "acdepth.translator.losses": "adversarial_loss colour_loss depth_consistency_loss perceptual_loss",
        "acdepth.translator.method": "SimulatedWeather Translator",
        "acdepth.translator.settings": "TranslatorConfig",
        "acdepth.translator.task": "TranslatorTask",
        "acdepth.translator.training": "train_translator",
        "acdepth.translator.translate": "TranslateSettings",
    },
)

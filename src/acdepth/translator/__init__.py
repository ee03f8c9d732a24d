"""Floor 4: turns clear images into night, rain, fog and snow."""

from acdepth.translator.aligned import prepare_translations
from acdepth.translator.manifest import Manifest
from acdepth.translator.method import Translator
from acdepth.translator.simulated import SimulatedWeather
from acdepth.translator.translate import TranslateSettings, translate

__all__ = [
    "Manifest",
    "SimulatedWeather",
    "TranslateSettings",
    "Translator",
    "prepare_translations",
    "translate",
]

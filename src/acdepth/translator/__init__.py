"""Floor 4: turns clear images into night, rain, fog and snow."""

from acdepth.translator.method import Translator
from acdepth.translator.simulated import SimulatedWeather
from acdepth.translator.translate import TranslateSettings, translate

__all__ = ["SimulatedWeather", "TranslateSettings", "Translator", "translate"]

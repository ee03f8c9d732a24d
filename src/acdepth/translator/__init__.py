"""Floor 4: turns clear images into night, rain, fog and snow."""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.translator.method import SimulatedWeather, Translator
    from acdepth.translator.translate import TranslateSettings

__all__ = ["SimulatedWeather", "TranslateSettings", "Translator"]

__getattr__ = lazy_names(__name__)

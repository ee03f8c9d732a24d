"""Variants of the student over seeds on one prepared data set: what each part of the method is worth."""

from acdepth.recipes.ablation.ablation import Ablation
from acdepth.recipes.ablation.config import AblationConfig
from acdepth.recipes.ablation.sources import Sources, gather_sources

__all__ = ["Ablation", "AblationConfig", "Sources", "gather_sources"]

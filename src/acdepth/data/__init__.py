"""Floor 3: from footage of any kind to batches."""

from acdepth.core.crop import Crop
from acdepth.data.augment import AugmentSettings, augment
from acdepth.data.clips import ClipBatches
from acdepth.data.folder import open_data
from acdepth.data.mix import MixBatches
from acdepth.data.prepared import Prepared, prepare

__all__ = [
    "AugmentSettings",
    "ClipBatches",
    "Crop",
    "MixBatches",
    "Prepared",
    "augment",
    "open_data",
    "prepare",
]

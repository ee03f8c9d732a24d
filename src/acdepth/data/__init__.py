"""Floor 3: from footage of any kind to batches."""

from acdepth.core.resize import Crop
from acdepth.data.augment import AugmentSettings, augment
from acdepth.data.folder import open_data
from acdepth.data.mix import MixBatches
from acdepth.data.prepared import Prepared, prepare
from acdepth.data.triplets import TripletBatches

__all__ = [
    "AugmentSettings",
    "Crop",
    "MixBatches",
    "Prepared",
    "TripletBatches",
    "augment",
    "open_data",
    "prepare",
]

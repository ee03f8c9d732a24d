"""Floor 3: from footage of any kind to batches."""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.core.crop import Crop
    from acdepth.data.augment import AugmentSettings
    from acdepth.data.folder import open_data
    from acdepth.data.mix import MixBatches
    from acdepth.data.prepared import Prepared, prepare
    from acdepth.data.triplets import TripletBatches

__all__ = ["AugmentSettings", "Crop", "MixBatches", "Prepared", "TripletBatches", "open_data", "prepare"]

__getattr__ = lazy_names(__name__)

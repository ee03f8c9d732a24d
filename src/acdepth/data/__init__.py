"""From footage of any kind to batches.

>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> import cv2, numpy as np
>>> from acdepth.data import open_data, prepare
>>> with TemporaryDirectory() as place:
...     images = Path(place) / "drive" / "images"
...     images.mkdir(parents=True)
...     for index in range(3):
...         _ = cv2.imwrite(str(images / f"{index:06d}.png"), np.full((48, 64, 3), 100, np.uint8))
...     footage = open_data(Path(place))
...     prepared = prepare(footage, Path(place) / "prepared", (32, 64), workers=1)
...     print(len(footage), prepared.images.shape)
1 (3, 32, 64, 3)
"""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.core.clip import Clip as Clip
    from acdepth.core.clip import Frame as Frame
    from acdepth.core.clip import target_frames as target_frames
    from acdepth.core.crop import Crop as Crop
    from acdepth.data.folder import open_data as open_data
    from acdepth.data.mix import MixBatches as MixBatches
    from acdepth.data.prepared import Prepared as Prepared
    from acdepth.data.prepared import prepare as prepare
    from acdepth.data.settings import AugmentSettings as AugmentSettings
    from acdepth.data.settings import FootageChoice as FootageChoice
    from acdepth.data.triplets import TripletBatches as TripletBatches

__all__, __getattr__ = lazy_names(
    __name__,
    {
        "acdepth.core.clip": "Clip Frame target_frames",
        "acdepth.core.crop": "Crop",
        "acdepth.data.folder": "open_data",
        "acdepth.data.mix": "MixBatches",
        "acdepth.data.prepared": "Prepared prepare",
        "acdepth.data.settings": "AugmentSettings FootageChoice",
        "acdepth.data.triplets": "TripletBatches",
    },
)

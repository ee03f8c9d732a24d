"""Rerun's own file: picture and depth of a camera, whose depth Rerun shows as points in space."""

import threading
from pathlib import Path

import numpy as np
import rerun as rr

from acdepth.core.encoding import encode, jpeg
from acdepth.core.prediction import DepthPrediction
from acdepth.prediction.options import Options
from acdepth.prediction.recordings import Recording
from acdepth.prediction.ros_messages import QUALITY


class RerunFile(Recording):
    """Of each frame image and depth, and where it is known the camera, without which nothing is in space.

    Args:
        path: of the file.
        options: which pixels have depth.
        frame: name of the camera.
    """

    def __init__(self, path: Path, options: Options, frame: str) -> None:
        self._options, self._frame = options, frame
        self._lock = threading.Lock()
        self._file = rr.RecordingStream("acdepth")
        self._file.save(path)
        self._file.log("/", rr.ViewCoordinates.RDF, static=True)

    def add(self, stamp: int, image: np.ndarray, prediction: DepthPrediction) -> None:
        """See `Recording.add`."""
        kept, factor = (
            prediction.chosen(self._options.points_in("rrd", prediction.metric)),
            prediction.png16_factor(),
        )
        kept &= prediction.depth * factor <= 65535
        # A PNG of 16 bits is a third of the size of float32, and none of it is seen.
        scaled = np.rint(np.where(kept, prediction.depth, 0) * factor)
        png = encode(".png", np.clip(scaled, 0, 65535).astype(np.uint16))
        depth = rr.EncodedDepthImage(blob=png, media_type="image/png", meter=factor)
        with self._lock:
            self._file.set_time("time", timestamp=np.datetime64(stamp, "ns"))
            if prediction.camera is not None:
                camera = prediction.camera.resized(*prediction.depth.shape)
                pinhole = rr.Pinhole(
                    image_from_camera=camera.matrix().numpy(), resolution=[camera.width, camera.height]
                )
                self._file.log(self._frame, pinhole)
            self._file.log(
                f"{self._frame}/image",
                rr.EncodedImage(contents=jpeg(image, QUALITY), media_type="image/jpeg"),
            )
            self._file.log(f"{self._frame}/depth", depth)

    def close(self) -> None:
        """Write what is still in memory."""
        self._file.flush()
        self._file.disconnect()

"""A teacher that is a depth model of transformers: asked once about every frame, before the training."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from acdepth.core.clip import Clip, Frame
from acdepth.core.errors import UserError
from acdepth.core.spread import spread
from acdepth.data.labels import Label, Labels, make_labels
from acdepth.data.one_camera import camera_of_photographs, training_camera
from acdepth.data.prepared import Prepared
from acdepth.geometry.ground import quartiles_apart, steadiness
from acdepth.inference.framing import SAME_ASPECT
from acdepth.inference.metric import NoMetres, height_seen, refuse_unknown
from acdepth.inference.model import open_model
from acdepth.inference.output import SMALLEST_INVERSE_DEPTH
from acdepth.inference.view import view_of
from acdepth.networks.checkpoint import CheckpointCard
from acdepth.networks.metres import Metres, Source
from acdepth.student.settings import StudentConfig

LEAST_FRAMES = 20
"""In which the road must be seen for anything to be said of the metres."""
LARGEST_MISMATCH = 0.1
"""By which the camera's height and what the labels say of it may differ without a word."""
SIZES_LOOKED_AT = 200
"""Pictures whose sizes tell which aspect is the usual one."""

log = logging.getLogger("acdepth")


class OtherTeacher:
    """A model of transformers, and the student's card as far as it is known before the training.

    Args:
        path: ``hf:`` and a folder or a name of the hub.
        config: of the student.

    Raises:
        UserError: if it cannot be opened, or the student cannot start as the settings say.
    """

    def __init__(self, path: Path, config: StudentConfig) -> None:
        if config.start_from == "teacher":
            what = "student.start_from is teacher, but the teacher is a model of transformers"
            raise UserError(None, what, "start from an encoder, or from scratch")
        self.model, self.shape = open_model(path, path.as_posix(), config.loop.device), config.shape
        if self.model.file is not None:
            what = "is a network of ours, which sees images at its own size"
            raise UserError(path, what, f"give --teacher {self.model.file}")
        metres = self.model.metres
        self.card = CheckpointCard(
            network=self.shape.network,
            input_size=self.shape.image_size,
            metres=metres,
            description=self.model.description,
        )

    def refuse_unknown(self, clips: Sequence[Clip]) -> None:
        """Raise `UserError` if the model is relative and a clip tells no metres."""
        if not self.model.relative:
            return
        for clip in clips:
            refuse_unknown(view_of(clip, 0, None, (1, 1)))

    def labels(self, clips: Sequence[Clip], clear: Prepared, out: Path) -> Labels:
        """What the model says of the prepared frames of some clips, asked at their own size."""
        frames = {clip.key(index): Frame(clip, index) for clip in clips for index in range(len(clip))}
        usual = _usual_aspect(clear)
        lost: list[str] = []

        def label(number: int) -> Label:
            key = clear.frames.key(number)
            try:
                return self._label(frames[key], usual)
            except NoMetres as error:
                lost.append(str(error))
                return Label(np.full(self.shape.image_size, np.nan, np.float32), np.nan)

        assert self.model.sha256 is not None
        labels = make_labels(out, clear, f"{self.model.sha256} {self.shape.network}", label, "teacher")
        missing = int((~labels.known).sum())
        if missing:
            first = f", first {lost[0]}" if lost else ""
            log.warning("%d of %d frames are not learnt from%s", missing, len(clear), first)
        return labels

    def _label(self, frame: Frame, usual_aspect: float) -> Label:
        image = frame.clip.image(frame.index)
        height, width = image.shape[:2]
        if abs(np.log(width / height / usual_aspect)) > np.log1p(SAME_ASPECT):
            what = f"{width}x{height} pixels, another aspect than most pictures have"
            raise NoMetres(frame.key, what, "give each camera a folder of its own")
        view = view_of(frame.clip, frame.index, None, (height, width))
        [answer] = self.model.infer([image], [(height, width)], views=[view])
        inverse = answer.inverse_depth.clamp(min=SMALLEST_INVERSE_DEPTH)
        seen = height_seen(inverse, view) if view.camera else np.nan
        network = self.shape.network
        inverse = inverse.clamp(1 / network.max_depth, 1 / network.min_depth)[0, 0].cpu().numpy()
        return Label(_resized(inverse, self.shape.image_size), seen)

    def learnt_card(self, clips: Sequence[Clip], clear: Prepared, labels: Labels) -> CheckpointCard:
        """The card with the camera of the footage, and where the metres come from."""
        camera = training_camera(clear) or camera_of_photographs(clips, self.shape.image_size)
        return self.card.model_copy(update={"camera": camera, "metres": self._metres(clips, clear, labels)})

    def _metres(self, clips: Sequence[Clip], clear: Prepared, labels: Labels) -> Metres:
        clip, seen = clear.frames.clip, labels.seen_height
        with_road = ~np.isnan(seen)
        given = clear.frames.clip_camera_height[clip]
        both = with_road & ~np.isnan(given)
        if both.sum() >= LEAST_FRAMES and (not self.model.relative or any(one.lengths_from for one in clips)):
            height, told = float(np.median(seen[both])), float(np.median(given[both]))
            if abs(told / height - 1) > LARGEST_MISMATCH:
                log.warning(
                    "by the teacher the camera is %.2f m above the road, by its camera_height %.2f m; metres "
                    "stay those of the teacher, so check both",
                    height,
                    told,
                )
        source: Source = _source(clips) if self.model.relative else "model"
        if with_road.sum() < LEAST_FRAMES or source == "camera height":
            return Metres(source=source, frames=int(with_road.sum()))
        spread_of_metres = quartiles_apart(steadiness(clip[with_road], seen[with_road]))
        return Metres(source=source, spread=spread_of_metres, frames=int(with_road.sum()))


def _source(clips: Sequence[Clip]) -> Source:
    """What brings a relative model to metres on some clips."""
    told: set[Source] = {clip.lengths_from or "camera height" for clip in clips}
    if len(told) == 1:
        return told.pop()
    return "speeds or poses" if "camera height" not in told else "camera height"


def _usual_aspect(clear: Prepared) -> float:
    """Width over height of the middle picture."""
    sizes = clear.frames.source_size
    chosen = np.array(spread(list(range(len(sizes))), SIZES_LOOKED_AT))
    aspects = np.sort(sizes[chosen, 1] / sizes[chosen, 0])
    return float(aspects[len(aspects) // 2])


def _resized(inverse_depth: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Inverse depth (H, W) at another (height, width): a mean where it shrinks."""
    tensor = torch.from_numpy(inverse_depth)[None, None]
    shrinks = size[0] <= inverse_depth.shape[0] and size[1] <= inverse_depth.shape[1]
    if shrinks:
        return torch.nn.functional.interpolate(tensor, size, mode="area")[0, 0].numpy()
    return torch.nn.functional.interpolate(tensor, size, mode="bilinear", align_corners=False)[0, 0].numpy()

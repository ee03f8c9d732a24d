"""Metres of a relative model on whole drives, of which some images tell none by themselves."""

from contextlib import suppress

import numpy as np
from torch import Tensor

from acdepth.core.clip import Clip, Frame
from acdepth.core.crop import Crop
from acdepth.core.errors import UserError
from acdepth.core.resize import crop_and_resize
from acdepth.inference.metric import InMetres, NoMetres, find_metres
from acdepth.inference.model import DepthModel
from acdepth.inference.view import view_of


class BorrowedMetres:
    """Brings what a ``relative`` model says of images of clips to metres.

    An image that tells none borrows those of the nearest image of its clip that does. That is a guess, good
    enough to simulate weather by, and whoever uses it has to say so. What an image gets depends on its clip
    alone, not on the order of work, and what a lender told is remembered.
    """

    def __init__(self, model: DepthModel) -> None:
        self.model = model
        self.borrowers: list[NoMetres] = []
        """Why each of the images that borrowed tells none itself."""
        self._told: dict[tuple[str, Crop | None, tuple[int, int]], InMetres | None] = {}

    def find(self, relative: Tensor, image: np.ndarray, frame: Frame, crop: Crop | None) -> InMetres:
        """Of the relative inverse depth (1, 1, H, W) of an image (H, W, 3), which shows ``crop`` of a frame.

        Raises:
            UserError: if nothing is known that tells metres, or no image of the clip does.
        """
        size, (clip, index) = (image.shape[0], image.shape[1]), frame
        place = frame.key, crop, size
        try:
            found = self._told[place] = find_metres(relative, image, view_of(clip, index, crop, size))
        except NoMetres as error:
            self._told[place] = None
            found = self._nearest(clip, index, crop, size)
            if found is None:
                what = f"none of its {len(clip)} images tells metres, such as {error.where}: {error.what}"
                raise UserError(clip.name, what, error.remedy) from error
            self.borrowers.append(error)
        return found

    def _nearest(self, clip: Clip, index: int, crop: Crop | None, size: tuple[int, int]) -> InMetres | None:
        for other in sorted(range(len(clip)), key=lambda one: abs(one - index)):
            place = clip.key(other), crop, size
            if place not in self._told:
                self._told[place] = self._ask(clip, other, crop, size)
            if (found := self._told[place]) is not None:
                return found
        return None

    def _ask(self, clip: Clip, index: int, crop: Crop | None, size: tuple[int, int]) -> InMetres | None:
        with suppress(UserError):  # it cannot be read, or tells none either
            view = view_of(clip, index, crop, size)
            image = crop_and_resize(clip.image(index), crop, size, clip.key(index))
            [answer] = self.model.infer([image], [size])
            return find_metres(answer.inverse_depth, image, view)
        return None

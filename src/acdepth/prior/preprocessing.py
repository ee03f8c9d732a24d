"""What Depth Anything expects of its input, read from and written to transformers' own file."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor
from torch.nn import functional as F

from acdepth.core.errors import UserError
from acdepth.core.files import read_object, write_json

PREPROCESSING_FILE = "preprocessor_config.json"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
PIL_BICUBIC = 3
"""What transformers calls bicubic interpolation in its file."""


@dataclass(frozen=True)
class Preprocessing:
    """Size and colours of the images that a Depth Anything network was trained on."""

    side: int = 518
    """Pixels. The image is resized, keeping its aspect, so that the side that needs the smaller change gets
    this long: with 518 a 1600 x 900 image becomes 924 x 518. Depth Anything V2: 518."""
    patch: int = 14
    """Both sides are rounded to multiples of this [px]. Depth Anything V2 (DINOv2): 14."""
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    size: tuple[int, int] | None = None
    """(height, width) of every input [px], whatever the image's; None goes by ``side``. Not in the file."""

    def size_for(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of the network's input for an image of this size."""
        if self.size is not None:
            return self.size
        scale = min((self.side / height, self.side / width), key=lambda scale: abs(1 - scale))
        return self._round(scale * height), self._round(scale * width)

    def __call__(self, image: Tensor) -> Tensor:
        """Resize (B, 3, H, W) in 0..1 to (B, 3, h, w), with h and w multiples of `patch`, and normalise.

        Interpolation is bicubic with antialiasing, as transformers' own processor does on PIL images; without
        antialiasing a strongly shrunken street flickers. To a given ``size`` it is plain bilinear, as in the
        published ACDepth code.
        """
        size = self.size_for(*image.shape[-2:])
        if self.size is not None:
            image = F.interpolate(image, size, mode="bilinear", align_corners=False)
        elif size != tuple(image.shape[-2:]):
            image = F.interpolate(image, size, mode="bicubic", antialias=True).clamp(0, 1)
        mean, std = (image.new_tensor(values).view(3, 1, 1) for values in (self.mean, self.std))
        return (image - mean) / std

    @classmethod
    def read(cls, folder: Path) -> "Preprocessing":
        """Read ``preprocessor_config.json``.

        Raises:
            UserError: if the file is missing or says something that Depth Anything does not do.
        """
        path = Path(folder) / PREPROCESSING_FILE
        values = read_object(path)
        try:
            if values["size"]["height"] != values["size"]["width"] or not values["keep_aspect_ratio"]:
                raise ValueError("it must keep the aspect and bring height or width to the same length")
            return cls(
                side=int(values["size"]["height"]),
                patch=int(values["ensure_multiple_of"]),
                mean=_three(values["image_mean"]),
                std=_three(values["image_std"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(path, f"not the preprocessing of a Depth Anything model ({error})") from error

    def write(self, folder: Path) -> None:
        """Write the file that `read` and transformers' `DPTImageProcessor` read."""
        values = {
            "image_processor_type": "DPTImageProcessor",
            "do_resize": True,
            "size": {"height": self.side, "width": self.side},
            "keep_aspect_ratio": True,
            "ensure_multiple_of": self.patch,
            "resample": PIL_BICUBIC,
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": self.mean,
            "image_std": self.std,
            "do_pad": False,
        }
        write_json(Path(folder) / PREPROCESSING_FILE, values)

    def _round(self, length: float) -> int:
        return max(self.patch, round(length / self.patch) * self.patch)


def _three(values: list[float]) -> tuple[float, float, float]:
    red, green, blue = map(float, values)
    return red, green, blue

"""What an exported file says about itself."""

from typing import Annotated, Literal, Self

from pydantic import Field

from acdepth.core.config import Config
from acdepth.core.errors import UserError
from acdepth.core.images import SMALLEST_SIDE
from acdepth.core.texts import parse_json
from acdepth.networks.checkpoint import CheckpointCard

Target = Literal["onnx", "openvino", "torch-export"]
"""Formats of exported files."""
ExportPrecision = Literal["fp32", "fp16", "int8"]
"""``fp32``: as trained; ``fp16``: weights, and in ONNX and torch-export the network too, in half precision;
``int8``: of OpenVINO, which keeps the heads in float32."""
ABOUT_KEY = "acdepth"
"""Of the metadata entry that holds it as JSON."""


ImageSide = Annotated[int, Field(ge=SMALLEST_SIDE, le=8192)]
"""Of images that a file takes [px]; a stranger's could ask for any."""


class About(Config):
    """Beside the network, all that is needed to use it, and where it comes from."""

    card: CheckpointCard
    """Of the checkpoint."""
    sha256: str
    """Likewise."""
    image_size: tuple[ImageSide, ImageSide] | None = None
    """(height, width) of the images that it takes [px], which it brings to the network's size; null: of any
    size whose sides are multiples of 32, which the network sees as they are."""
    precision: ExportPrecision = "fp32"
    """What it computes in."""
    takes_focal_length: bool = False
    """Whether it has a second input, by which metres follow the lens."""
    licence: str | None = None
    """Of the weights; null if nobody stated it."""
    data_licence: str | None = None
    """Of what they were trained on, likewise."""
    compared_with: str = ""
    """On what it was compared with the checkpoint in torch, and by how much it may differ."""

    @classmethod
    def from_json(cls, text: str, where: str) -> Self:
        """Read what a file says of itself.

        Raises:
            UserError: if it is not understood.
        """
        try:
            values = parse_json(text)
        except ValueError as error:
            raise UserError(where, f"what it says of itself is not readable as JSON ({error})") from error
        return cls.from_dict(values, where)

    def in_words(self) -> dict[str, str]:
        """For people and programs that do not know the rest."""
        size = "{}x{}".format(*self.image_size) if self.image_size else "HxW, multiples of 32"
        said = {
            "description": self.card.description,
            "licence": self.licence or "not stated",
            "licence_of_training_data": self.data_licence or "not stated",
            "input image": f"uint8 (1, H, W, 3), RGB, {size} (height x width)",
            "output depth": f"float32 (1, H, W), metres along the optical axis{self._doubt()}",
            "compared": self.compared_with,
        }
        if self.takes_focal_length:
            said["input focal_length"] = (
                "float32 (2,), fx and fy in pixels of the image; 0 0, the default: not known, "
                "metres are those of the training camera"
            )
        return said

    def _doubt(self) -> str:
        return "" if self.card.metric else "; of unknown scale"

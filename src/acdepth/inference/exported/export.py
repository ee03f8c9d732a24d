"""A checkpoint written as a file that needs neither torch nor this package, if it says what torch says."""

from collections.abc import Iterator, Sequence
from glob import escape
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from acdepth.core.files import atomic_set, hash_file
from acdepth.inference.exported.about import About, ExportPrecision, Target
from acdepth.inference.exported.formats import WEIGHTS_SUFFIX, check_target, of_format
from acdepth.inference.exported.parity import BOUNDS, Agreement, Picture, compare, describe, refuse
from acdepth.inference.exported.running import Run
from acdepth.inference.exported.whole import IMAGE, ImageToDepth
from acdepth.inference.graphs import pictures
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from acdepth.networks.checkpoint import load_checkpoint


def export(
    weights: Path,
    target: Target,
    out: Path,
    image_size: tuple[int, int] | None = None,
    precision: ExportPrecision = "fp32",
    licence: str | None = None,
    data_licence: str | None = None,
    photographs: Sequence[Picture] = (),
) -> Agreement:
    """Write a file, and compare it with torch before it gets its name.

    Args:
        weights: the checkpoint.
        target: the format.
        out: the file.
        image_size: see `ImageToDepth`.
        precision: that the file computes in.
        licence: of the weights.
        data_licence: of what they were trained on.
        photographs: to compare on beside `world_pictures`.

    Returns:
        How far the file is from torch.

    Raises:
        UserError: if it is farther than `BOUNDS` allows, in int8 costs too much, or cannot be made.
    """
    check_target(target, precision, out)
    network, card = load_checkpoint(weights)
    predictor = Predictor(model_of(network, card, torch.device("cpu"), name=str(weights)))
    kind, where = of_format(target), str(out)

    def written(file: Path, precision: ExportPrecision) -> tuple[Run, Agreement]:
        # OpenVINO stores half the digits and computes in float32.
        half = precision == "fp16" and target != "openvino"
        module = ImageToDepth(network, card, image_size, half).eval()
        bound = BOUNDS[precision]
        about = About(
            card=card,
            sha256=hash_file(weights),
            image_size=image_size,
            precision=precision,
            takes_focal_length=module.takes_focal_length,
            licence=licence,
            data_licence=data_licence,
            compared_with=(
                f"torch, on {len(photographs)} photographs and on pictures of the built-in world: depth "
                f"differs by no more than {describe(bound)}"
            ),
        )
        kind.write(module, about, file)
        _, run = kind.read(file)
        agreement = compare(run, about, predictor, [*photographs, *_of_the_world(module.example_size)])
        refuse(agreement, bound, where)
        return run, agreement

    if precision != "fp32":  # in which alone every fault of the graph shows
        with TemporaryDirectory(prefix="acdepth-") as folder:
            written(Path(folder) / out.name, "fp32")
    former = [escape(out.name), escape(out.with_suffix(WEIGHTS_SUFFIX).name)]
    with atomic_set(out.parent, former if target == "openvino" else former[:1]) as folder:
        run, agreement = written(folder / out.name, precision)
        if precision == "int8":
            _refuse_loss(where, predictor, run, image_size or card.input_size)
    return agreement


def _of_the_world(size: tuple[int, int]) -> Iterator[Picture]:
    for one in pictures.world_pictures(pictures.MEASURED_TOWNS, size, pictures.PLACES[:1]):
        yield Picture(one.name, one.image)


def _refuse_loss(name: str, predictor: Predictor, run: Run, size: tuple[int, int]) -> None:
    """Raise `UserError` if int8 costs too much where depth is known."""
    from acdepth.inference.graphs.int8 import refuse_loss

    refuse_loss(
        name,
        lambda image: predictor(image, confidence=False).depth,
        lambda image: run({IMAGE: image[None]})[0],
        size,
        predictor.model.resize,
    )

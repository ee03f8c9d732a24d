"""How far exported files are from torch, on photographs and on pictures of the built-in world.

python benchmarks/export.py PHOTOGRAPHS OUT.json [--weights shipped] [--image-size 360x640] [--only int8]
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import torch

from acdepth.cli.world import parse_image_size
from acdepth.core.images import read_image
from acdepth.core.shipped import STUDENT, or_shipped
from acdepth.data.stored import list_images
from acdepth.inference.exported.about import About
from acdepth.inference.exported.formats import SUFFIXES, of_format
from acdepth.inference.exported.parity import Picture, differences
from acdepth.inference.exported.whole import ImageToDepth
from acdepth.inference.graphs.pictures import world_pictures
from acdepth.inference.model import model_of
from acdepth.inference.predictor import Predictor
from acdepth.networks.checkpoint import load_checkpoint

FILES = [
    ("openvino", "fp32"),
    ("onnx", "fp32"),
    ("torch-export", "fp32"),
    ("openvino", "int8"),
    ("openvino", "fp16"),
    ("onnx", "fp16"),
    ("torch-export", "fp16"),
]
TOWNS, PLACES = range(9420, 9433), (12,)
MOST = 50


class Remembers(Predictor):
    """Asks the network once about each picture."""

    def __call__(self, image, camera=None, **rest):
        found = self.__dict__.setdefault("found", {})
        key = hash(image.tobytes()), camera
        if key not in found:
            found[key] = super().__call__(image, camera, **rest)
        return found[key]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--weights", type=Path, default=Path("shipped"))
    parser.add_argument("--image-size", default="360x640")
    parser.add_argument("--only", default="", help="of files whose name, such as 'openvino int8', has this")
    given = parser.parse_args()
    size = None if given.image_size == "any" else parse_image_size(given.image_size)
    network, card = load_checkpoint(or_shipped(given.weights, STUDENT))
    predictor = Remembers(model_of(network, card, torch.device("cpu"), name="network"))
    rendered = [Picture(one.name, one.image) for one in world_pictures(TOWNS, card.input_size, PLACES)][:MOST]
    photographs = [Picture(one.name, read_image(one)) for one in list_images(given.photographs)[:MOST]]
    results = {}
    for target, precision in FILES:
        if given.only not in f"{target} {precision}":
            continue
        module = ImageToDepth(network, card, size, precision == "fp16" and target != "openvino").eval()
        about = About(
            card=card,
            sha256="",
            image_size=size,
            precision=precision,
            takes_focal_length=module.takes_focal_length,
        )
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"depth{SUFFIXES[target]}"
            of_format(target).write(module, about, file)
            run = of_format(target).read(file)[1]
            size_mb = sum(one.stat().st_size for one in Path(folder).iterdir()) / 1e6
            row = {"megabytes": size_mb}
            for kind, pictures in (("photographs", photographs), ("world", rendered)):
                found = list(differences(run, about, predictor, pictures))
                row[kind] = {one.name: one.mean for one in found}
                off = np.array([one.mean for one in found])
                middle = np.median(off)
                said = f"mean {off.mean():.2g}, median picture {middle:.2g}, worst {off.max():.2g}"
                print(f"{target} {precision} {kind} ({len(off)}): {said}", flush=True)
        results[f"{target} {precision}"] = row
        given.out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()

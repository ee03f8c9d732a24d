"""``acdepth import``: published checkpoints as ours."""

from pathlib import Path
from typing import Annotated

import tyro

from acdepth.networks.checkpoint import save_checkpoint
from acdepth.networks.published import DataSet, Kind, import_published


def import_weights(
    path: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    *,
    kind: Kind,
    data_set: DataSet = "nuscenes",
) -> None:
    """Turn a published checkpoint into one that every verb here takes.

    Args:
        path: Lightning .ckpt, or for monodepth2 the folder of encoder.pth and depth.pth.
        out: checkpoint to write, as in acdepth.safetensors.
        kind: whose checkpoint it is.
        data_set: what acdepth or md4all was trained on; decides normalisation and input size.
    """
    network, card = import_published(path, kind, data_set)
    save_checkpoint(out, network, card)
    print(f"{out}: {card.description}")

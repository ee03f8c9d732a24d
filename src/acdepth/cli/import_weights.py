"""``acdepth import``: published checkpoints as ours."""

from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError


def import_weights(
    path: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    *,
    kind: Literal["acdepth", "md4all", "monodepth2", "img2img-turbo"],
    data_set: Literal["nuscenes", "robotcar"] = "nuscenes",
    camera: Path | None = None,
    base: str = "stabilityai/sd-turbo",
    condition: Literal["night", "rain", "night-rain", "fog", "snow"] | None = None,
    direction: Literal["a2b", "b2a"] = "a2b",
    prompt: str | None = None,
) -> None:
    """Turn a published checkpoint into one that every verb here takes.

    Args:
        path: Lightning .ckpt; monodepth2: folder of encoder.pth and depth.pth; img2img-turbo: .pkl.
        out: checkpoint to write, as in acdepth.safetensors; for img2img-turbo a folder.
        kind: whose checkpoint it is.
        data_set: what acdepth or md4all was trained on; decides normalisation and input size.
        camera: camera.yaml of the images that a depth network was trained on, after any crop. No published
            file names it; with it metres can follow another lens, without it they hold for that camera only.
        base: the diffusion model that img2img-turbo stands on, a folder or a name of the hub.
        condition: what img2img-turbo makes of clear images; must be said.
        direction: img2img-turbo's name for the way from clear to --condition; a2b in the published files.
        prompt: the words img2img-turbo was trained with; those of the published files for night and rain.
    """
    from acdepth.core.camera import Camera
    from acdepth.networks.checkpoint import save_checkpoint
    from acdepth.networks.published import import_published

    if kind == "img2img-turbo":
        if condition is None:
            raise UserError(None, "--kind img2img-turbo needs --condition, as night for day2night.pkl")
        if camera is not None:
            raise UserError(f"--camera {camera}", "is for depth networks", "img2img-turbo knows no lens")
        print(f"{out}: {_import_turbo(path, out, base, Condition(condition), direction, prompt)}")
        return
    network, card = import_published(path, kind, data_set)
    if camera is not None:
        trained = Camera.read(camera).resized(*card.input_size)
        card = card.model_copy(update={"camera": trained.to_dict()})
    save_checkpoint(out, network, card)
    print(f"{out}: {card.description}")


def _import_turbo(*arguments: Any) -> str:
    from acdepth.translator.turbo_import import import_turbo  # not part of the core install

    return import_turbo(*arguments).description

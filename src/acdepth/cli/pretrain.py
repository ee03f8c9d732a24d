"""``acdepth pretrain``: makes the starting points that ship."""

from pathlib import Path
from typing import Annotated

import tyro

from acdepth.cli.flags import configured
from acdepth.pretrain.settings import DepthConfig, EncoderConfig, GeneratorConfig, PriorConfig


@configured("pretrain", DepthConfig())
def depth(
    data: Annotated[tuple[Path, ...], tyro.conf.Positional],
    config: Annotated[DepthConfig, tyro.conf.arg(name="")],
    out: Path,
    photographs: tuple[Path, ...] = (),
    description: str = "",
) -> None:
    """Train a depth network on rendered streets with true depth, held to real photographs without.

    Args:
        data: sequence folders with depth for every frame, as acdepth world make --cameras drawn writes them.
        config: the settings.
        out: run folder; the same command goes on where it was stopped.
        photographs: folders or videos of real streets; each is drawn from as often as the others.
        description: what the checkpoint's card says it was trained on.
    """
    from acdepth.pretrain.streets import pretrain_depth

    print(pretrain_depth(config, data, photographs, out, description))


@configured("pretrain", EncoderConfig())
def encoder(
    data: Annotated[Path, tyro.conf.Positional],
    config: Annotated[EncoderConfig, tyro.conf.arg(name="")],
    out: Path,
    description: str = "",
) -> None:
    """Train an encoder on rendered towns with true depth.

    Args:
        data: sequence folders with depth for every frame, as acdepth world make writes them.
        config: the settings.
        out: run folder; the same command goes on where it was stopped.
        description: what the weights' card says they were trained on.
    """
    from acdepth.pretrain.depth import pretrain_encoder

    print(pretrain_encoder(config, data, out, description))


@configured("pretrain", PriorConfig())
def prior(
    data: Annotated[Path, tyro.conf.Positional],
    config: Annotated[PriorConfig, tyro.conf.arg(name="")],
    out: Path,
    description: str = "",
) -> None:
    """Train a tiny Depth Anything on rendered towns with true depth.

    Args:
        data: sequence folders with depth for every frame, as acdepth world make writes them.
        config: the settings.
        out: run folder; the same command goes on where it was stopped.
        description: what the model's card says it was trained on.
    """
    from acdepth.pretrain.depth import pretrain_prior

    print(pretrain_prior(config, data, out, description))


@configured("pretrain", GeneratorConfig())
def generator(
    data: Annotated[Path, tyro.conf.Positional],
    config: Annotated[GeneratorConfig, tyro.conf.arg(name="")],
    out: Path,
    description: str = "",
) -> None:
    """Train a small diffusion model on rendered towns of all conditions, as a stand-in for SD-Turbo.

    Args:
        data: sequence folders, each town in one condition only, as acdepth world make writes them.
        config: the settings.
        out: run folder; the same command goes on where it was stopped.
        description: what the model's card says it was trained on.
    """
    from acdepth.pretrain.generator import pretrain_generator

    print(pretrain_generator(config, data, out, description))

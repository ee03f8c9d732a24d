"""What teacher and prior say of the clear frames, asked once before the training and not in every step."""

from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from acdepth.core.errors import UserError
from acdepth.core.progress import say
from acdepth.core.share import ALL, Share
from acdepth.data.answers import Answers, answers_of, ask
from acdepth.data.prepared import Prepared
from acdepth.engine.processes import training_device
from acdepth.networks.depth_net import SCALES, DepthNet
from acdepth.prior.depth_anything import DepthAnythingPrior
from acdepth.student.settings import StudentConfig

ASKINGS = 2
"""About each frame: as it is and mirrored."""


class Asked(NamedTuple):
    """Where the answers are; None for a network that is asked in every step."""

    teacher: Answers | None = None
    prior: Answers | None = None


def ask_once(
    config: StudentConfig,
    teacher: DepthNet | None,
    prior: DepthAnythingPrior | None,
    clear: Prepared,
    files: dict[str, str],
    folder: Path,
    share: Share = ALL,
) -> Asked:
    """Ask what can be asked before the training, by `StudentConfig.cache`; the rest is named on the terminal.

    Args:
        config: settings.
        teacher: one of ours; None where another was asked before.
        prior: None where it has no weight.
        clear: the prepared clear frames.
        files: what tells the weights of ``teacher`` and ``prior``, by these names.
        folder: for the answers.
        share: processes that train together, all of which call this.

    Raises:
        UserError: if ``cache`` is ``all`` and something cannot be asked before, or the disk is too full.
    """
    wanted = {"teacher": teacher, "prior": prior}
    names = [name for name, network in wanted.items() if network is not None]
    if config.cache == "none" or not names:
        return Asked()
    for name, why in changing(config).items():
        if name in names:
            if config.cache == "all":
                raise UserError("student.cache", f"the {name} cannot be asked once: {why}", "set it to auto")
            _say(share, f"the {name} is asked in every step: {why}")
            names.remove(name)
    if names and not is_worth_it(config, len(clear), share.count):
        are = f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'}"
        looks = _looks(config, share.count)
        _say(share, f"{are} asked in every step: {looks} looks at {len(clear)} frames")
        return Asked()
    device = training_device(config.loop.device == "cpu")
    found: dict[str, Answers] = {}
    if teacher is not None and "teacher" in names:
        in_bfloat16 = config.loop.in_bfloat16(device)
        made_by = {"weights": files["teacher"], "network": teacher.config.to_dict(), "bf16": in_bfloat16}
        sizes = [(clear.image_size[0] >> scale, clear.image_size[1] >> scale) for scale in range(SCALES)]
        found["teacher"] = answers_of(folder, "teacher", clear, made_by, sizes)
        _to_work(teacher.eval().requires_grad_(False), device)
        with torch.autocast(device.type, torch.bfloat16, enabled=in_bfloat16):
            ask(
                found["teacher"], clear, "teacher", lambda image: teacher(image).inverse_depths, device, share
            )
    if prior is not None and "prior" in names:
        made_by = {"weights": files["prior"], "preprocessing": asdict(prior.preprocessing)}
        found["prior"] = answers_of(folder, "prior", clear, made_by, [clear.image_size])
        _to_work(prior, device)
        ask(found["prior"], clear, "prior", lambda image: [rescaled(prior(image))], device, share)
    return Asked(**found)


def is_worth_it(config: StudentConfig, frames: int, processes: int = 1) -> bool:
    """Whether so many frames are looked at more often than they would be asked about, or it is wished."""
    return config.cache == "all" or (config.cache == "auto" and _looks(config, processes) > ASKINGS * frames)


def room_for(config: StudentConfig, frames: int, image_size: tuple[int, int]) -> int:
    """Bytes of disk that the answers about so many frames take."""
    if not is_worth_it(config, frames):
        return 0
    pixels = {"teacher": sum(image_size[0] * image_size[1] >> 2 * scale for scale in range(SCALES))}
    pixels["prior"] = image_size[0] * image_size[1] if config.ordinal_weight > 0 else 0
    kept = sum(pixels[name] for name in pixels if name not in changing(config))
    return ASKINGS * 2 * frames * kept


def _looks(config: StudentConfig, processes: int) -> int:
    loop = config.loop
    return loop.steps * loop.batch_size * loop.accumulate * processes


def changing(config: StudentConfig) -> dict[str, str]:
    """What the settings let a network say otherwise each time it sees a frame, by its name, and why."""
    found = {}
    if config.teacher_batch_norm == "train":
        found["teacher"] = "with teacher_batch_norm train it says of a frame what its batch makes it say"
    if config.zoom.probability > 0:
        found["prior"] = "with zoom it sees other windows each time"
    return found


def rescaled(prior: Tensor) -> Tensor:
    """The prior's inverse depth (B, 1, H, W), each image's times a power of two that suits half precision.

    Its scale is unknown, and nothing depends on it; a power of two changes no digit.
    """
    _, exponent = torch.frexp(prior.amax((1, 2, 3), keepdim=True))
    return torch.ldexp(prior, 15 - exponent)


def _to_work(network: nn.Module, device: torch.device) -> None:
    """Where and how it lies in memory in a step as well, so that it says the same."""
    network.to(device=device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def _say(share: Share, text: str) -> None:
    if share.leads:
        say(text)

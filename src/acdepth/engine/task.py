"""What a stage brings to the training loop."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

import torch
from torch import Tensor, nn

from acdepth.core.batches import Tensors


class Task(nn.Module, ABC):
    """The trained networks as submodules, and their losses."""

    rates: Mapping[str, float] = MappingProxyType({})
    """Factors on the learning rate of the parameters whose names begin so; of all others 1."""
    projected: tuple[str, ...] = ()
    """Loss terms whose gradients are projected off each other where they conflict, on the parameters that all
    of them depend on (`engine.gradients.project_conflicts`); what the other terms say is added."""
    beside: tuple[nn.Module, ...] = ()
    """Frozen networks. In a tuple, because submodules would be saved, wrapped and put into training mode."""
    skips: bool = False
    """Whether a step may leave out something that learns, and not the same in all processes."""
    at_rest: tuple[nn.Module, ...] = ()
    """Submodules whose batch normalisation uses the statistics it has, and learns none. Who sets it calls
    `train` then."""

    @abstractmethod
    def forward(self, batch: Tensors, generator: torch.Generator, progress: float) -> dict[str, Tensor]:
        """Weighted scalar loss terms of one batch; the loop minimises their sum.

        Args:
            batch: already on the device.
            generator: on the CPU, for every draw of this step.
            progress: part of the run that is done, in 0..1.
        """

    def train(self, mode: bool = True) -> Self:
        """Training mode for all but the normalisation of what is `at_rest`."""
        super().train(mode)
        for network in self.at_rest:
            for module in network.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def to_device(self, device: torch.device) -> None:
        """Move what is not a submodule."""
        for network in self.beside:
            network.to(device=device, memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def masked_mean(values: Tensor, counted: Tensor) -> Tensor:
    """Mean over the counted values, 0 if there are none: how a task reduces a loss that some do not have."""
    return (values * counted).sum() / counted.sum().clamp(min=1)


def counted_mean(values: Tensor, counted: Tensor | None) -> Tensor:
    """Mean over the counted values, or over all; ``counted`` may lack leading dimensions."""
    return values.mean() if counted is None else masked_mean(values, counted.expand_as(values))


@dataclass(frozen=True)
class Update:
    """One step of the optimiser."""

    turns: tuple[str, ...] = ("",)
    """Passes whose gradients add up; each is done with before the next begins, so that only one pass lies in
    memory at a time."""
    trains: str = ""
    """Parameters whose names begin so learn from it; gradients of the others are dropped."""
    rate: float = 1.0
    """Factor on the learning rate."""
    times: int = 1
    """How often in a row it is done; its terms are logged as their mean."""


SINGLE = (Update(),)
"""How networks learn that have no adversary."""


@dataclass
class Leftovers:
    """What the turns of a step leave for later ones and for the log."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    """Detached, by name."""
    statistics: dict[str, float] = field(default_factory=dict)
    """Logged beside the loss terms, and no part of the loss."""


class TurnTask(Task):
    """A task that is played in turns, such as generator against discriminator."""

    skips = True

    updates: tuple[Update, ...]
    """The optimiser's steps of one training step, in order."""

    @abstractmethod
    def forward(
        self,
        batch: Tensors,
        generator: torch.Generator,
        progress: float,
        turn: str = "",
        leftovers: Leftovers | None = None,
    ) -> dict[str, Tensor]:
        """Weighted scalar loss terms of one turn, on the batch that all turns of a step see.

        Args:
            batch: as of `Task.forward`.
            generator: likewise.
            progress: likewise.
            turn: one of the turns of `updates`.
            leftovers: of the earlier turns on this batch; may be added to.
        """

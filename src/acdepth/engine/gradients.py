"""Gradients of single loss terms: how they lie to each other, and projected where they conflict."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import combinations
from typing import cast

import torch
from accelerate import Accelerator
from torch import Tensor, nn


def project_conflicts(gradients: Tensor, generator: torch.Generator) -> Tensor:
    """The sum of gradients, each freed of what works against another (PCGrad; Yu et al., NeurIPS 2020).

    Each gradient is taken through all the others, as these came, in an order that is drawn anew for it; where
    the scalar product with one is negative, the part along that one is taken out.

    Args:
        gradients: (T, P), a row per term.
        generator: on the CPU; with two terms there is one order only, so that nothing hangs on it.

    Returns:
        (P,). Terms that do not conflict give their plain sum.
    """
    count = len(gradients)
    # All that happens, happens in the span of the rows: it is enough to know what each row is taken times.
    products = (gradients @ gradients.T).cpu().double()
    times = torch.eye(count, dtype=torch.float64)
    for own in range(count):
        for other in torch.randperm(count, generator=generator).tolist():
            along = times[own] @ products[:, other]
            if other != own and along < 0 < products[other, other]:
                times[own, other] -= along / products[other, other]
    return times.sum(0).to(gradients) @ gradients


def compare_gradients(gradients: Mapping[str, Tensor], used: Mapping[str, Tensor]) -> dict[str, float]:
    """How the gradients of each two terms lie to each other, on the parameters that both depend on.

    Args:
        gradients: (P,) of each term, in one order of the parameters.
        used: (P,) bool of each term: which of them it depends on.

    Returns:
        For each two terms ``A`` and ``B``: ``A/B/cosine`` in -1..1, ``A/B/opposed``, 1 where it is negative,
        else 0, and the two norms ``A/B/norm_A`` and ``A/B/norm_B``. Terms that share no parameter, or of
        which one has no gradient there, have no angle and are left out.
    """
    found: dict[str, float] = {}
    for first, second in combinations(gradients, 2):
        shared = used[first] & used[second]
        a, b = gradients[first][shared], gradients[second][shared]
        norms = float(a.norm()), float(b.norm())
        if min(norms) == 0:
            continue
        cosine = float(a @ b) / norms[0] / norms[1]
        found |= {
            f"{first}/{second}/cosine": cosine,
            f"{first}/{second}/opposed": float(cosine < 0),
            f"{first}/{second}/norm_{first}": norms[0],
            f"{first}/{second}/norm_{second}": norms[1],
        }
    return found


class TermGradients:
    """The backward passes of one optimiser step, in which some terms are taken apart from the rest.

    Args:
        accelerator: of the loop.
        trained: what it prepared.
        parameters: that learn from this step.
        projected: terms whose gradients are projected off each other; see `Task.projected`.
        measured: whether the gradients of all terms are to be compared.
    """

    def __init__(
        self,
        accelerator: Accelerator,
        trained: nn.Module,
        parameters: Iterable[nn.Parameter],
        projected: tuple[str, ...],
        measured: bool,
    ) -> None:
        self.accelerator, self.trained, self.parameters = accelerator, trained, list(parameters)
        self.projected, self.measured = projected, measured
        self.sizes = [parameter.numel() for parameter in self.parameters]
        self.gradients: dict[str, Tensor] = {}
        self.used: dict[str, list[bool]] = {}

    def passing(self, more_to_come: bool) -> AbstractContextManager[None]:
        """Around each pass: processes average gradients once, with the last; projected ones are averaged
        term by term, not as a sum."""
        quiet = more_to_come or self.projected
        return self.accelerator.no_sync(self.trained) if quiet else nullcontext()

    def backward(self, terms: Mapping[str, Tensor], batches: int) -> None:
        """Pass the terms of one batch, of so many in the step, backwards."""
        summed = [value for name, value in terms.items() if name not in self.projected]
        apart = [name for name in terms if self.measured or name in self.projected]
        for number, name in enumerate(apart, start=1):
            if terms[name].requires_grad:
                self._take(name, terms[name] / batches, keep_graph=bool(summed) or number < len(apart))
        if summed:
            self.accelerator.backward(torch.stack(summed).sum() / batches)

    def finish(self, generator: torch.Generator) -> dict[str, float]:
        """Leave in the parameters what the optimiser shall see, and return what was measured.

        ``generator`` is for the order of projections, the same in every process.
        """
        gradients = {name: self._mean_of_processes(gradient) for name, gradient in self.gradients.items()}
        if self.projected:
            for parameter in self.parameters:
                if parameter.grad is not None:
                    parameter.grad = self._mean_of_processes(parameter.grad)
            names = [name for name in self.projected if name in gradients]
            self._add({name: gradients[name] for name in names}, generator)
        used = {name: self._per_number(self.used[name]) for name in gradients}
        return compare_gradients(gradients, used) if self.measured else {}

    def _take(self, name: str, term: Tensor, keep_graph: bool) -> None:
        found = torch.autograd.grad(term, self.parameters, retain_graph=keep_graph, allow_unused=True)
        pairs = list(zip(found, self.parameters, strict=True))
        flat = torch.cat([(torch.zeros_like(p) if g is None else g).flatten() for g, p in pairs])
        used = [gradient is not None for gradient in found]
        if name in self.gradients:
            flat = self.gradients[name] + flat
            used = [before or now for before, now in zip(self.used[name], used, strict=True)]
        self.gradients[name], self.used[name] = flat, used

    def _add(self, gradients: Mapping[str, Tensor], generator: torch.Generator) -> None:
        """Add the projected sum to the parameters' gradients; what one term alone depends on is its own."""
        if not gradients:
            return
        rows = torch.stack(list(gradients.values()))
        total = rows.sum(0)
        of_terms = list(zip(*(self.used[name] for name in gradients), strict=True))
        shared = self._per_number([all(used) for used in of_terms])
        total[shared] = project_conflicts(rows[:, shared], generator)
        for parameter, part, used in zip(self.parameters, total.split(self.sizes), of_terms, strict=True):
            if any(used):
                gradient = torch.empty_like(parameter).copy_(part.view_as(parameter))
                parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient

    def _per_number(self, of_parameters: Sequence[bool]) -> Tensor:
        """(P,) bool from one bool per parameter."""
        flags, sizes = torch.tensor(of_parameters), torch.tensor(self.sizes)
        return flags.repeat_interleave(sizes).to(self.parameters[0].device)

    def _mean_of_processes(self, gradient: Tensor) -> Tensor:
        if self.accelerator.num_processes == 1:
            return gradient
        return cast(Tensor, self.accelerator.reduce(gradient, reduction="mean"))

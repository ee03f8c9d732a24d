"""Count the memory of a computation without the memory, the device or the time to do it.

Tensors are torch's fake ones, which have shapes and no numbers. Counted is what lies in tensors, in blocks of
512 bytes as CUDA's allocator gives them: not the workspace inside a kernel, not what the allocator cannot
reuse, not CUDA's own half gigabyte.
"""

import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

BLOCK = 512
"""Bytes that CUDA's allocator rounds up to."""
READS = {torch.ops.aten._local_scalar_dense.default, torch.ops.aten.item.default}
"""What turns a tensor into a number, which a fake one does not hold."""


class LiveBytes(TorchDispatchMode):
    """Counts the storages that are alive; a number that is read from a tensor is 1, a truth False."""

    def __init__(self) -> None:
        super().__init__()
        self._held = self._peak = 0
        self._known: dict[int, weakref.finalize] = {}

    def held(self) -> int:
        """Bytes that are alive."""
        return self._held

    def peak(self) -> int:
        """Most bytes that were alive since the last `restart`."""
        return self._peak

    def restart(self) -> None:
        """Look for a new peak."""
        self._peak = self._held

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func is torch.ops.prim.device.default:
            return args[0].fake_device  # the same as torch's, sooner
        if func in READS:
            return False if args[0].dtype == torch.bool else 1
        made = func(*args, **(kwargs or {}))
        for value in tree_leaves(made):
            if isinstance(value, Tensor):
                self._count(value.untyped_storage())
        return made

    def _count(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key in self._known:
            return
        size = -(-storage.nbytes() // BLOCK) * BLOCK
        self._held += size
        self._peak = max(self._peak, self._held)
        # torch keeps a storage's Python object for as long as anything holds the storage.
        self._known[key] = weakref.finalize(storage, self._forget, key, size)
        self._known[key].atexit = False

    def _forget(self, key: int, size: int) -> None:
        self._held -= size
        del self._known[key]


def _in_float32(norm: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def on_cuda(values: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return norm(values.float() if torch.is_autocast_enabled("cpu") else values, *args, **kwargs)

    return on_cuda


@contextmanager
def _like_cuda() -> Iterator[None]:
    """Autocast on CUDA normalises in float32, on CPUs in bfloat16."""
    with ExitStack() as stack:
        for name in ("group_norm", "layer_norm"):
            stack.enter_context(patch.object(F, name, _in_float32(getattr(F, name))))
        yield


@contextmanager
def counting() -> Iterator[LiveBytes]:
    """Within, all that is made is fake and counted."""
    with FakeTensorMode(), _like_cuda(), LiveBytes() as meter:
        yield meter


def fill(networks: Iterable[nn.Module]) -> None:
    """Give networks that were built on torch's device ``meta`` fake weights, which are counted."""
    made: dict[Tensor, Tensor] = {}  # networks may share weights

    def fake(value: Tensor) -> Tensor:
        if value not in made:
            empty = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype)
            made[value] = (
                nn.Parameter(empty, value.requires_grad) if isinstance(value, nn.Parameter) else empty
            )
        return made[value]

    for network in networks:
        for module in network.modules():
            for values in (module._parameters, module._buffers):
                for name, value in values.items():
                    if value is not None and value.device.type == "meta":
                        values[name] = fake(value)  # pyright: ignore[reportArgumentType]

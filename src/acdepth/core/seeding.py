"""Randomness as an argument: one seed, and a name for each use of it."""

import hashlib

import torch


def derive_seed(seed: int, *names: str | int) -> int:
    """A 63-bit seed for one purpose: the same (seed, names) always give the same one, others differ."""
    text = "/".join(str(name) for name in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def make_generator(seed: int, *names: str | int) -> torch.Generator:
    """A generator for one purpose, for example ``make_generator(7, "teacher", "step", 120)``.

    Because it depends on nothing but its arguments, a resumed run draws what the unbroken one would have.
    """
    return torch.Generator().manual_seed(derive_seed(seed, *names))


def generator_on(device: torch.device, generator: torch.Generator) -> torch.Generator:
    """A generator on a device that a draw of one on the CPU decides; on the CPU that one itself."""
    if device.type == "cpu":
        return generator
    return torch.Generator(device).manual_seed(int(torch.randint(2**63 - 1, (), generator=generator)))

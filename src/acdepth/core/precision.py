"""Whether bfloat16 pays on a device, and whether int8 saturates."""

import torch


def fast_bfloat16(device: torch.device) -> bool:
    """Whether the device computes in bfloat16; others imitate it, on a CPU fifteen times slower than float32.

    Apple's GPU counts as one that does not: its bfloat16 was not tried.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    able = torch.cpu.get_capabilities()  # such as avx512_bf16, amx_bf16 and ARM's bf16
    return any(able[name] for name in able if name.endswith("bf16"))


def bytes_saturate() -> bool:
    """Whether this CPU adds up products of bytes in 16 bits: x86 did before VNNI."""
    able = torch.cpu.get_capabilities()
    is_x86 = able.get("architecture") in ("x86_64", "AMD64")
    return is_x86 and not any(able[name] for name in able if "vnni" in name)

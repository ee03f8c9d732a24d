"""How the C library hands out memory while networks train on the CPU."""

import ctypes
import platform

# Numbers of the parameters, from glibc's <malloc.h>.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3


def keep_freed_memory() -> bool:
    """Let the process keep the memory that it frees, for its next step.

    By default glibc gives every large tensor back to the system when it is freed, and the next one of the
    same size is mapped and zeroed anew, page by page. ``benchmarks/speed.py`` measures what that costs.

    Returns:
        Whether the C library took the settings; False where it is not glibc, and nothing changes.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    library = ctypes.CDLL(None)
    settings = {_MMAP_THRESHOLD: 1 << 30, _TRIM_THRESHOLD: (1 << 31) - 1, _TOP_PAD: 1 << 28}
    taken = [library.mallopt(name, value) == 1 for name, value in settings.items()]
    return all(taken)

"""Shapes in signatures are checked in tests, and cost nothing elsewhere; networks are computed by torch."""

import pytest
from jaxtyping import install_import_hook

install_import_hook(
    [
        "acdepth.evaluation.metrics",
        "acdepth.geometry",
        "acdepth.prior.losses",
        "acdepth.student.adapt.photometric",
        "acdepth.student.adapt.validation",
        "acdepth.student.losses",
        "acdepth.student.ordinal",
        "acdepth.teacher.losses",
        "acdepth.translator.losses",
    ],
    "beartype.beartype",
)


@pytest.fixture(autouse=True)
def auto_is_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is installed: tests compare with torch, and those of other backends name them."""
    from acdepth.inference import devices

    monkeypatch.setattr(devices, "best_runtime", lambda device: "torch")

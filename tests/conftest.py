"""Shapes in signatures are checked in tests, and cost nothing elsewhere."""

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

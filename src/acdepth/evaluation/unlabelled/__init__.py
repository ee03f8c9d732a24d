"""Is a depth network any good on footage of which nobody measured depth?

>>> from pathlib import Path
>>> from acdepth.evaluation.unlabelled import UnlabelledCheck, check_unlabelled
>>> sorted(UnlabelledCheck.model_fields)[:3]
['format', 'frames', 'in_words']
"""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.evaluation.unlabelled.check import check_unlabelled as check_unlabelled
    from acdepth.evaluation.unlabelled.schema import Measure as Measure
    from acdepth.evaluation.unlabelled.schema import UnlabelledCheck as UnlabelledCheck

__all__, __getattr__ = lazy_names(
    __name__,
    {
        "acdepth.evaluation.unlabelled.check": "check_unlabelled",
        "acdepth.evaluation.unlabelled.schema": "Measure UnlabelledCheck",
    },
)

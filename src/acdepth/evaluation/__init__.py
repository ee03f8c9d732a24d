"""How good is a depth map, and how sure are we.

>>> import numpy as np
>>> from acdepth.evaluation import PROTOCOLS, depth_metrics
>>> truth = np.array([5.0, 10.0, 20.0])
>>> round(depth_metrics(1.1 * truth, truth)["abs_rel"], 3)
0.1
>>> list(PROTOCOLS)
['nuscenes-80m', 'robotcar-50m', 'kitti-eigen-80m', 'cityscapes-80m', 'world-80m', 'own']

A whole evaluation is `acdepth.evaluation.run.run`, from models, footage and a protocol to files.
"""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.evaluation.bootstrap import bootstrap_means as bootstrap_means
    from acdepth.evaluation.edges import edge_metrics as edge_metrics
    from acdepth.evaluation.measured import read_measured as read_measured
    from acdepth.evaluation.metrics import METRICS as METRICS
    from acdepth.evaluation.metrics import depth_metrics as depth_metrics
    from acdepth.evaluation.predict import NetworkModel as NetworkModel
    from acdepth.evaluation.predict import align as align
    from acdepth.evaluation.protocols import PROTOCOLS as PROTOCOLS
    from acdepth.evaluation.protocols import Protocol as Protocol
    from acdepth.evaluation.protocols import find_protocol as find_protocol
    from acdepth.evaluation.run import Options as Options
    from acdepth.evaluation.run import Outcome as Outcome
    from acdepth.evaluation.schema import FrameRow as FrameRow
    from acdepth.evaluation.schema import Results as Results
    from acdepth.evaluation.schema import read_rows as read_rows
    from acdepth.evaluation.sparsification import sparsify as sparsify
    from acdepth.evaluation.stored import StoredModel as StoredModel

__all__, __getattr__ = lazy_names(
    __name__,
    {
        "acdepth.evaluation.bootstrap": "bootstrap_means",
        "acdepth.evaluation.edges": "edge_metrics",
        "acdepth.evaluation.measured": "read_measured",
        "acdepth.evaluation.metrics": "METRICS depth_metrics",
        "acdepth.evaluation.predict": "NetworkModel align",
        "acdepth.evaluation.protocols": "PROTOCOLS Protocol find_protocol",
        "acdepth.evaluation.run": "Options Outcome",
        "acdepth.evaluation.schema": "FrameRow Results read_rows",
        "acdepth.evaluation.sparsification": "sparsify",
        "acdepth.evaluation.stored": "StoredModel",
    },
)

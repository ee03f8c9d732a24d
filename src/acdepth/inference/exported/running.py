"""What exported files are asked, and answer."""

from collections.abc import Callable, Mapping

import numpy as np

Inputs = Mapping[str, np.ndarray]
"""``image`` uint8 (1, H, W, 3) RGB, and perhaps ``focal_length`` float32 (2,) [px]."""
Run = Callable[[Inputs], np.ndarray]
"""Answers with depth, float32 (1, H, W) [m]."""

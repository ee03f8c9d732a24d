"""Whole folders, videos, bags and live sources predicted; and what is said of depth in messages of ROS.

>>> import numpy as np
>>> from acdepth.prediction import depth_fields
>>> fields = depth_fields(np.full((2, 3), 7.5, np.float32))
>>> fields["encoding"], fields["step"], fields["data"].view("<f4")[:2].tolist()
('32FC1', 12, [7.5, 7.5])
"""

from typing import TYPE_CHECKING

from acdepth.core.lazy import lazy_names

if TYPE_CHECKING:
    from acdepth.prediction.ros_messages import camera_fields as camera_fields
    from acdepth.prediction.ros_messages import depth_fields as depth_fields
    from acdepth.prediction.ros_messages import picture_fields as picture_fields
    from acdepth.prediction.ros_messages import point_fields as point_fields
    from acdepth.prediction.ros_messages import points_fields as points_fields

_MESSAGES = "camera_fields depth_fields picture_fields point_fields points_fields"
__all__, __getattr__ = lazy_names(__name__, {"acdepth.prediction.ros_messages": _MESSAGES})

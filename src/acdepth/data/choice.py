"""Which part of a data set is meant."""

from acdepth.core.config import Config


class FootageChoice(Config):
    """Which part of the footage under a path is used; data sets without splits are used whole."""

    split: str | None = None
    """Part of the data set. nuScenes: train, val, test, mini_train or mini_val. RobotCar and KITTI: the name
    of a list in splits/, or the path of one; null takes every frame."""
    cameras: tuple[str, ...] = ("CAM_FRONT",)
    """nuScenes: channels, each a camera of its own. ACDepth: the front camera."""


EVERYTHING = FootageChoice()

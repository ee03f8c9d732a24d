"""RoboDepth's 18 kinds, at five severities each: what weather, sensors and transport do to pictures."""

from acdepth.evaluation.corruptions.kinds import GROUPS, KINDS, SEVERITIES, VERSION, corrupt

__all__ = ["GROUPS", "KINDS", "SEVERITIES", "VERSION", "corrupt"]

"""OpenVINO that tells nobody: its telemetry would send an event over the network with each import."""

import sys

sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]

import openvino  # noqa: E402

__all__ = ["openvino"]

"""What a person runs first on a download: what is there, what is broken, what looks wrong."""

from acdepth.checking.check import check_data
from acdepth.checking.findings import Finding, Findings
from acdepth.checking.opening import Kind
from acdepth.checking.report import CheckReport, InventoryRow

__all__ = ["CheckReport", "Finding", "Findings", "InventoryRow", "Kind", "check_data"]

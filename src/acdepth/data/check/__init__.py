"""What a person runs first on a download: what is there, what is broken, what looks wrong."""

from acdepth.data.check.check import check_data
from acdepth.data.check.findings import Finding, Findings
from acdepth.data.check.inventory import InventoryRow
from acdepth.data.check.opening import Kind
from acdepth.data.check.report import CheckReport

__all__ = ["CheckReport", "Finding", "Findings", "InventoryRow", "Kind", "check_data"]

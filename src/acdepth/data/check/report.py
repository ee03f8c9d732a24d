"""What a check says: as lines for a person, and as a file."""

from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile

from acdepth.core.errors import UserError
from acdepth.core.files import write_json
from acdepth.core.provenance import provenance
from acdepth.data.check.findings import Finding, told
from acdepth.data.check.inventory import InventoryRow

REPORT_FILE, SHEET_FILE = "check.json", "sheet.png"


def refuse_unwritable(out: Path) -> None:
    """Make the folder of the report, and refuse it now if nothing could be written there in the end.

    Raises:
        UserError: if it is a file, or not to be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise UserError(
            f"--out {out}", f"cannot be written to ({error.strerror})", "give another folder"
        ) from error


@dataclass(frozen=True)
class CheckReport:
    """All that one check found."""

    kind: str
    root: Path
    inventory: list[InventoryRow]
    faults: list[Finding]
    doubts: list[Finding]
    has_sheet: bool
    """Whether there was a frame to show."""

    def lines(self) -> list[str]:
        """Faults, then doubts, each in one line; large groups by their first ones and their number."""
        return [*told(self.faults, "fault"), *told(self.doubts, "doubt")]

    def write(self, out: Path) -> None:
        """Write ``out/check.json``: everything, large groups in full."""
        content = {
            "kind": self.kind,
            "root": str(self.root),
            "inventory": [asdict(row) for row in self.inventory],
            "faults": [fault.text for fault in self.faults],
            "doubts": [{"about": doubt.group, "text": doubt.text} for doubt in self.doubts],
            "sheet": SHEET_FILE if self.has_sheet else None,
            "made_by": provenance(),
        }
        write_json(out / REPORT_FILE, content)

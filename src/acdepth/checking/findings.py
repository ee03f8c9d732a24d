"""Faults, which stop training or evaluation somewhere, and doubts, which a person should look at."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from acdepth.core.errors import UserError

MOST_TOLD = 20
"""Findings of one group that are told one by one: a folder that was never unpacked lacks 100 000 files."""


@dataclass(frozen=True)
class Finding:
    """One line of what was found."""

    group: str
    """What it has in common with others: the folder of a file, or what is doubted."""
    text: str


class Findings:
    """Collects what is found, each once."""

    def __init__(self) -> None:
        self.faults: list[Finding] = []
        self.doubts: list[Finding] = []
        self._told: set[str] = set()
        self._folders_gone: set[str] = set()

    def fault(self, error: UserError) -> None:
        """Note a fault; its message begins with the name of the file."""
        self._note(self.faults, Finding(_folder(error), str(error)), key=str(error))

    def missing_file(self, path: Path, reason: str) -> None:
        """Note a file that is not there; if its folder is not either, that, once for all its files."""
        gone = [folder for folder in path.parents if not folder.exists()]
        if gone:
            self._folders_gone.add(str(gone[-1]))
            folder_fault = UserError(gone[-1], "no such folder", "unpack the download again")
            self._note(self.faults, Finding(str(gone[-1].parent), str(folder_fault)), key=f"file {gone[-1]}")
        else:
            self.file_fault(UserError(path, reason, "unpack the download again"))

    def file_fault(self, error: UserError) -> None:
        """Note a file that cannot be read: once, however many ways of reading it fail."""
        if not self._folders_gone.isdisjoint(map(str, Path(error.where or "").parents)):
            return
        self._note(self.faults, Finding(_folder(error), str(error)), key=f"file {error.where}")

    def doubt(self, subject: str, text: str) -> None:
        """Note a doubt of a kind; ``subject`` names the kind."""
        self._note(self.doubts, Finding(subject, text), key=text)

    def _note(self, to: list[Finding], finding: Finding, key: str) -> None:
        if key not in self._told:
            self._told.add(key)
            to.append(finding)


def told(findings: Iterable[Finding], mark: str) -> list[str]:
    """Lines that begin with ``mark``; of a large group the first ones, and how many more there are."""
    lines, counts = [], Counter()
    for finding in findings:
        counts[finding.group] += 1
        if counts[finding.group] <= MOST_TOLD:
            lines.append(f"{mark}: {finding.text}")
    rests = {group: count - MOST_TOLD for group, count in counts.items() if count > MOST_TOLD}
    return [*lines, *(f"{mark}: {group}: {rest} more, see check.json" for group, rest in rests.items())]


def _folder(error: UserError) -> str:
    return str(Path(error.where or "").parent)

"""``docs/architecture.md`` is the map that the import contract checks."""

import re
import tomllib
from pathlib import Path

import acdepth

ROOT = Path(__file__).parents[1]
SOURCE = Path(acdepth.__file__).parent
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_table_of_floors_is_the_import_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = settings["tool"]["importlinter"]["contracts"]
    floors = [{room.strip() for room in layer.split("|")} for layer in reversed(contract["layers"])]
    rows = re.findall(r"^\| (\d+) \| ([^|]*) \|", TEXT, re.MULTILINE)
    assert {int(floor): set(re.findall(r"`(\w+)`", rooms)) for floor, rooms in rows} == dict(
        enumerate(floors)
    )


def test_files_that_answer_a_question_are_there() -> None:
    answers = TEXT.partition("## Where is")[2].partition("## Glossary")[0]
    files = re.findall(r"`([a-z_]+/[a-z_]+\.py)`", answers)
    assert len(files) > 10
    assert [file for file in files if not (SOURCE / file).is_file()] == []


def test_links_between_documents_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    broken = []
    for document in documents:
        for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
            path, _, anchor = target.partition("#")
            if "://" in target:
                continue
            file = document if not path else document.parent / path
            if not file.exists() or (anchor and anchor not in _anchors(file)):
                broken.append(f"{document.relative_to(ROOT)}: {target}")
    assert broken == []


def _anchors(file: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}

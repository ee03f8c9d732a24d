"""``acdepth translate check``: are translations what the manifest says, and how do they look."""

from pathlib import Path
from typing import Annotated

import tyro

from acdepth.core.condition import Condition
from acdepth.core.errors import UserError


def check(
    out: Annotated[Path, tyro.conf.Positional],
    *,
    data: Path | None = None,
    split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
    sheet: Path | None = None,
    rows: int = 8,
) -> None:
    """Verify every translated file against the manifest, and with --data also what it was made from.

    Args:
        out: folder that acdepth translate wrote.
        data: the clear footage.
        split: part of it that was translated.
        cameras: channels of nuScenes that were translated.
        sheet: picture to write, source and translations side by side; needs --data.
        rows: sources on the sheet.
    """
    from acdepth.core.sheet import check_sheet_name
    from acdepth.data.folder import open_data
    from acdepth.data.manifest import Manifest
    from acdepth.data.settings import FootageChoice
    from acdepth.translator.scoring.sheet import write_sheet_of_folder

    if sheet:
        check_sheet_name(sheet)
        if data is None:
            raise UserError(None, "--sheet needs --data, the clear footage that was translated")
        if rows < 1:
            raise UserError(f"--rows {rows}", "must be at least 1")
    manifest = Manifest(out)
    if not manifest.entries:
        raise UserError(out, "holds no translations", "make some with acdepth translate")
    footage = open_data(data, choice=FootageChoice(split=split, cameras=cameras)) if data else []
    clear = [clip for clip in footage if clip.condition is Condition.CLEAR]
    problems = manifest.problems()
    if data:
        problems += manifest.changed_sources(clear)
    if problems:
        what = f"{problems[0]} ({len(problems)} problems in all)"
        raise UserError(None, what, "run acdepth translate again")
    if sheet:
        write_sheet_of_folder(sheet, manifest, clear, rows)
    print(f"{out}: {len(manifest.entries)} translations, all as they were made")

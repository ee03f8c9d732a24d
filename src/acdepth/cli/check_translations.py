"""``acdepth translate check``: are translations what the manifest says, and how do they look."""

from pathlib import Path
from typing import Annotated

import tyro

from acdepth.core.clip import Clip, target_frames
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.images import read_image
from acdepth.core.resize import Crop, crop_and_resize
from acdepth.core.sheet import check_sheet_name, draw_block, save_sheet
from acdepth.core.spread import spread
from acdepth.data.choice import FootageChoice
from acdepth.data.folder import open_data
from acdepth.data.manifest import Manifest
from acdepth.data.stored import hash_pixels


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
    if sheet:
        _refuse_sheet(sheet, data, rows)
    manifest = Manifest(out)
    if not manifest.entries:
        raise UserError(out, "holds no translations", "make some with acdepth translate")
    problems = manifest.problems()
    clear = [] if data is None else _clear(data, FootageChoice(split=split, cameras=cameras))
    if data is not None:
        problems += _changed_sources(manifest, clear)
    if problems:
        raise UserError(
            None, f"{problems[0]} ({len(problems)} problems in all)", "run acdepth translate again"
        )
    if sheet:
        _write_sheet(sheet, manifest, clear, rows)
    print(f"{out}: {len(manifest.entries)} translations, all as they were made")


def _refuse_sheet(sheet: Path, data: Path | None, rows: int) -> None:
    check_sheet_name(sheet)
    if data is None:
        raise UserError(None, "--sheet needs --data, the clear footage that was translated")
    if rows < 1:
        raise UserError(f"--rows {rows}", "must be at least 1")


def _clear(data: Path, choice: FootageChoice) -> list[Clip]:
    return [one for one in open_data(data, choice=choice) if one.condition is Condition.CLEAR]


def _changed_sources(manifest: Manifest, clear: list[Clip]) -> list[str]:
    hashes = {clip.key(index): hash_pixels(clip.image(index)) for clip in clear for index in clip.targets()}
    return [
        f"{entry.source}: has changed since it became {entry.condition}, or is gone"
        for entry in manifest.entries.values()
        if hashes.get(entry.source) != entry.source_hash
    ]


def _write_sheet(path: Path, manifest: Manifest, clear: list[Clip], rows: int) -> None:
    """Sources spread over the footage, each beside all that became of it, at the translations' size."""
    made = sorted({Condition(condition) for condition, _ in manifest.entries}, key=lambda one: one.index)
    frames = target_frames(clear)
    whole = [frame for frame in frames if all((one, frame.key) in manifest.entries for one in made)]
    if not whole:
        raise UserError(manifest.folder, f"no source was turned into all of {', '.join(made)}")
    crop = manifest.settings["crop"] and Crop.from_dict(manifest.settings["crop"], where=str(manifest.folder))
    columns = {name: [] for name in ("source", *made)}
    size = None
    for frame in spread(whole, rows):
        pictures = {one: read_image(manifest.file(one, frame.key)) for one in made}
        size = size or pictures[made[0]].shape[:2]
        columns["source"].append(crop_and_resize(frame.clip.image(frame.index), crop, size, frame.key))
        for one, picture in pictures.items():
            columns[one].append(crop_and_resize(picture, None, size, frame.key))
    save_sheet(path, [draw_block(columns)])

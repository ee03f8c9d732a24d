"""``acdepth data pack``: footage decoded once into shards, which trainings read from anywhere."""

from pathlib import Path
from typing import Annotated, Literal

import tyro
from pydantic import Field

from acdepth.cli.launched import own_share
from acdepth.cli.world import at_least_one, parse_conditions, parse_crop, parse_image_size
from acdepth.core.errors import UserError


def pack(
    data: Annotated[Path, tyro.conf.Positional],
    out: Annotated[Path, tyro.conf.Positional],
    *,
    image_size: str,
    crop: str | None = None,
    resize: Literal["area", "lanczos"] = "area",
    reach: Annotated[int, Field(ge=0)] = 1,
    conditions: str = "clear",
    split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
    step: Annotated[int, Field(ge=1)] | Literal["auto"] = 1,
    per_shard: int = 256,
) -> None:
    """Decode, crop and resize footage once, into shards in a folder or an object store.

    acdepth train then takes OUT as its data, and each machine fetches what it reads into the folder that the
    environment variable ACDEPTH_CACHE names. accelerate launch -m acdepth data pack ... divides the work
    among processes and machines; the same command goes on where it was stopped.

    Args:
        data: the footage.
        out: a folder, or an address that fsspec opens, such as s3://bucket/drives.
        image_size: height x width, as in 320x576; as the training's settings say.
        crop: top,left,height,width of the part that training sees, in pixels of the data; all by default.
        resize: how images come to their size; as the training's settings say.
        reach: neighbours needed on each side of a frame: 1 for a teacher, 0 for a student.
        conditions: of the footage that is packed, as in clear, or night,rain for what is adapted to; or all.
        split: part of a data set that has some: train, val, test, or the path of a list.
        cameras: channels of nuScenes, or the lens of RobotCar, stereo/left or stereo/centre.
        step: of own footage every so many-th image; auto: by how far the image moves.
        per_shard: frames in each shard.
    """
    from acdepth.data.folder import open_data
    from acdepth.data.settings import FootageChoice
    from acdepth.data.shards.pack import pack as pack_clips

    at_least_one("per-shard", per_shard)
    size, part = parse_image_size(image_size), parse_crop(crop) if crop else None
    wanted, share = parse_conditions(conditions), own_share()
    footage = open_data(data, choice=FootageChoice(split=split, cameras=cameras, step=step))
    clips = [clip for clip in footage if clip.condition in wanted]
    if not clips:
        raise UserError(data, f"no footage of --conditions {conditions}")
    packed = pack_clips(clips, out, size, part, reach, resize, share, per_shard=per_shard)
    if share.leads:
        print(
            f"{packed.kept.place}: {len(packed)} images of {len(clips)} clips in {len(packed.shards)} shards"
        )

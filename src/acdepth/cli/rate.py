"""``acdepth rate``: people say which images are real and which generated, on a page of this machine."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from acdepth.cli.world import parse_conditions, parse_image_size
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.lock import sole_writer
from acdepth.core.progress import say

if TYPE_CHECKING:
    from acdepth.rating.panel import Panel
    from acdepth.rating.pictures import Picture
    from acdepth.rating.votes import Vote


def rate(
    real: Annotated[Path, tyro.conf.Positional],
    generated: Annotated[Path, tyro.conf.Positional],
    *,
    out: Path = Path("votes.csv"),
    images: int = 100,
    conditions: str = "all",
    image_size: str | None = None,
    split: str | None = None,
    cameras: tuple[str, ...] = ("CAM_FRONT",),
    seed: int = 0,
    host: str = "127.0.0.1",
    port: int = 8765,
) -> None:
    """Serve a page that shows single images blind and takes votes, until Ctrl-C; then print the table.

    Each vote is in OUT before the next image is shown; the same command goes on where each rater stopped.

    Args:
        real: real images: a folder of pictures, sequence folders, videos, or the root of a data set.
        generated: a folder that acdepth translate wrote, or one condition of it, or any other images.
        out: CSV file with a line per vote: time, rater, image, truth, vote, seconds.
        images: that each rater sees, half of them real; fewer where one side has fewer.
        conditions: those to take of both sides, as in night,rain.
        image_size: height x width at which all are shown; by default the smallest height and width among
            them, so that none is enlarged.
        split: part of REAL, of a data set that has splits.
        cameras: channels of nuScenes, or the lens of RobotCar, stereo/left or stereo/centre.
        seed: of which images are drawn, and of the raters' orders.
        host: address to listen at. Only the default keeps other machines out; 0.0.0.0 lets phones in.
        port: to listen at; 0 takes any that is free.
    """
    from acdepth.data.settings import FootageChoice
    from acdepth.rating.panel import open_panel
    from acdepth.rating.pictures import Kind, find_pictures
    from acdepth.rating.server import RatingServer, is_loopback
    from acdepth.rating.votes import VoteFile
    from acdepth.reports.votes import rate_page

    if images < 2:
        raise UserError(f"--images {images}", "must be at least 2, one real and one generated")
    wanted, size = parse_conditions(conditions), parse_image_size(image_size) if image_size else None
    choice = FootageChoice(split=split, cameras=cameras)
    sides = (find_pictures(real, Kind.REAL, wanted, choice), find_pictures(generated, Kind.GENERATED, wanted))
    with sole_writer(out, is_file=True):
        votes, alone = VoteFile(out), is_loopback(host)
        key = None if alone else votes.key
        panel, shown = open_panel(*sides, votes, images, size, seed, key, among_friends=alone)
        _warn(*sides, panel, images)
        with RatingServer(panel, shown, rate_page(), host, port) as server:
            votes.begin()
            if not server.is_local:
                say(f"--host {host}: everybody on the network can see the images and vote")
            say(f"{panel.size} images to rate at {server.address}; Ctrl-C ends it, votes are in {out}")
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                say("")
    if votes.votes:
        _print(votes.votes)


def summary(votes: Annotated[Path, tyro.conf.Positional]) -> None:
    """Print what raters took for real, per rater and together, with 95 % intervals.

    Args:
        votes: CSV file that acdepth rate wrote.
    """
    from acdepth.rating.votes import read_votes

    found = read_votes(votes)
    if not found:
        raise UserError(votes, "holds no votes yet", "rate some images first")
    _print(found)


def _warn(real: list["Picture"], generated: list["Picture"], panel: "Panel", images: int) -> None:
    """Say what the votes could be about besides real and generated, and why there are fewer images."""
    if panel.size < images:
        say(f"{len(real)} real and {len(generated)} generated images: {panel.size} are rated, half of each")
    first, second = (_conditions(side) for side in (real, generated))
    if first != second:
        say(f"real images are {first}, generated ones {second}: if that tells them apart, use --conditions")


def _conditions(pictures: Iterable["Picture"]) -> str:
    there = {picture.condition for picture in pictures}
    return ", ".join(condition for condition in Condition if condition in there)


def _print(votes: list["Vote"]) -> None:
    from acdepth.rating.votes import tally, tally_raters
    from acdepth.reports.votes import print_votes

    print_votes(tally_raters(votes), tally(votes))

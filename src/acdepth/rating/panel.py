"""Who has rated what: the same images for everybody, each in an order of their own."""

import re
import secrets
import threading
from collections.abc import Mapping
from collections.abc import Sequence as Many
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from acdepth.core.errors import UserError
from acdepth.core.progress import progress
from acdepth.core.seeding import derive_seed
from acdepth.rating.pictures import Kind, Picture, common_size, draw_pictures, encode_alike
from acdepth.rating.votes import Count, Tally, Vote, VoteFile, tally, tally_raters

LONGEST_NAME = 40
"""Characters."""
NAME = re.compile(rf"\w[\w .'-]{{0,{LONGEST_NAME - 1}}}")
"""Begins with a letter or digit, so that no spreadsheet takes it for a formula."""
LONGEST_VOTE = 86_400.0
"""Seconds; whoever comes back on another day has not looked all the time."""


class Refused(Exception):
    """A request that a page of ours never sends."""


class Outdated(Exception):
    """A vote on an image that is not the rater's present one: pressed twice, or in another window."""


class Panel:
    """All raters of one set of images; may be called from many threads.

    Args:
        pictures: those that everybody rates.
        votes: those given before are not asked for again.
        seed: of the raters' orders.
    """

    def __init__(self, pictures: Many[Picture], votes: VoteFile, seed: int) -> None:
        self._seed, self._votes, self._lock = seed, votes, threading.Lock()
        self._token_of = {_identity(picture): secrets.token_urlsafe(16) for picture in pictures}
        self._picture_of = {self._token_of[_identity(picture)]: picture for picture in pictures}
        self._guests: set[str] = set()

    @property
    def size(self) -> int:
        """How many images everybody rates."""
        return len(self._token_of)

    @property
    def pictures(self) -> Mapping[str, Picture]:
        """By the random name that each has for as long as the panel lives."""
        return self._picture_of

    def join(self, name: str) -> dict[str, Any]:
        """Begin or go on under a name; without one, under a number that nobody has.

        Raises:
            Refused: if it is no name.
        """
        name = " ".join(name.split())
        with self._lock:
            return self._state(self._guest() if not name else _checked(name))

    def vote(self, rater: str, token: str, vote: str, seconds: float) -> dict[str, Any]:
        """Count a vote and return what comes next.

        Raises:
            Refused: if a value is none that can be.
            Outdated: if the image is not the rater's present one.
            UserError: if the vote could not be written.
        """
        rater = _checked(rater)
        with self._lock:
            waiting = self._waiting(rater)
            if not waiting or waiting[0] != token:
                raise Outdated
            picture = self._picture_of[token]
            now = datetime.now(UTC).isoformat(timespec="seconds")
            took = round(min(seconds, LONGEST_VOTE), 2)
            self._votes.add(Vote(now, rater, picture.name, picture.kind, Kind(vote), took))
            return self._state(rater)

    def undo(self, rater: str) -> dict[str, Any]:
        """Take back the rater's last vote, if there is one, and return what comes next."""
        rater = _checked(rater)
        with self._lock:
            theirs = self._counted(rater)
            if theirs:
                self._votes.drop(theirs[-1])
            return self._state(rater)

    def _state(self, rater: str) -> dict[str, Any]:
        """What the page shows: the present image and the one after it, or the result."""
        waiting, theirs = self._waiting(rater), self._counted(rater)
        state = {"rater": rater, "done": self.size - len(waiting), "of": self.size, "images": waiting[:2]}
        return state if waiting else {**state, "result": self._result(theirs)}

    def _result(self, theirs: list[Vote]) -> dict[str, Any]:
        everybody = self._counted()
        raters = len(tally_raters(everybody))
        together = {"raters": raters, **_plain(tally(everybody))} if raters > 1 else None
        return {"own": _plain(tally(theirs)), "together": together}

    def _waiting(self, rater: str) -> list[str]:
        """Tokens of the images that a rater has not voted on, in the rater's order."""
        voted = {(vote.truth, vote.image) for vote in self._counted(rater)}
        left = [identity for identity in self._token_of if identity not in voted]
        left.sort(key=lambda identity: derive_seed(self._seed, "rate", rater, *identity))
        return [self._token_of[identity] for identity in left]

    def _counted(self, rater: str | None = None) -> list[Vote]:
        """Votes on these images, of one rater or of all."""
        return [
            vote
            for vote in self._votes.votes
            if rater in (None, vote.rater) and (vote.truth, vote.image) in self._token_of
        ]

    def _guest(self) -> str:
        taken = self._guests | {vote.rater for vote in self._votes.votes}
        number = 1
        while f"rater {number}" in taken:
            number += 1
        self._guests.add(f"rater {number}")
        return f"rater {number}"


def open_panel(
    real: list[Picture],
    generated: list[Picture],
    votes: VoteFile,
    images: int,
    image_size: tuple[int, int] | None,
    seed: int,
) -> tuple[Panel, dict[str, bytes]]:
    """Draw the images and bring them to one size; the panel, and the JPEG of each by its random name.

    They are all read now, so that none is late because of its file, and what is unreadable is told before
    anybody votes.
    """
    _refuse_other_images(votes, [*real, *generated])
    panel = Panel(draw_pictures(real, generated, images, seed), votes, seed)
    with progress("read", (1 if image_size else 2) * panel.size, unit="image") as advance:
        size = image_size or common_size(panel.pictures.values(), advance)
        shown = {}
        for token, picture in panel.pictures.items():
            shown[token] = encode_alike(picture, size)
            advance()
    return panel, shown


def _identity(picture: Picture) -> tuple[Kind, str]:
    return picture.kind, picture.name


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise Refused(
            f"a name has letters, digits, spaces and . ' -, {LONGEST_NAME} at most, a letter or digit first"
        )
    return name


def _refuse_other_images(votes: VoteFile, pictures: Many[Picture]) -> None:
    """Keep votes on images that are none of ``pictures`` from being mixed with those that come."""
    known = {_identity(picture) for picture in pictures}
    for vote in votes.votes:
        if (vote.truth, vote.image) not in known:
            raise UserError(
                votes.path, f"has votes on other images, as {vote.truth} {vote.image}", "give another --out"
            )


def _plain(votes: Tally) -> dict[str, Any]:
    """For the page: each count with its part and interval."""
    return {
        name: {**asdict(value), **(value.part._asdict() if value.part else {})}
        if isinstance(value, Count)
        else value
        for name, value in vars(votes).items()
    }

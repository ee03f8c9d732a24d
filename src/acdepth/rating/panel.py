"""Who has rated what: the same images for everybody, each in an order of their own."""

import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Sequence as Many
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import count
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
    """A request that is not granted; the text says why."""

    def __init__(self, why: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(why)
        self.status = status


class Panel:
    """All raters of one set of images; may be called from many threads.

    Args:
        pictures: those that everybody rates.
        votes: those given before are not asked for again.
        seed: of the raters' orders.
        key: what raters' secrets are made from; of a panel that shall know them after a restart, the same.
        among_friends: whether anybody may go on under a name by saying it, as on a single machine.
    """

    def __init__(
        self,
        pictures: Many[Picture],
        votes: VoteFile,
        seed: int,
        key: bytes | None = None,
        among_friends: bool = True,
    ) -> None:
        self._seed, self._votes, self._lock = seed, votes, threading.Lock()
        self._key, self._among_friends = key or secrets.token_bytes(32), among_friends
        self._joined: set[str] = set()
        self.pictures = {secrets.token_urlsafe(16): picture for picture in pictures}
        """By the random name that each has for as long as the panel lives."""
        self._token_of = {_identity(picture): token for token, picture in self.pictures.items()}
        self._guests: set[str] = set()

    @property
    def size(self) -> int:
        """How many images everybody rates."""
        return len(self.pictures)

    def join(self, name: str, secret: str = "") -> dict[str, Any]:
        """Begin or go on under a name; without one, under a number that nobody has.

        The answer holds the rater's secret, without which nobody votes or undoes under the name, nor goes on
        under it unless `among_friends`.

        Raises:
            Refused: if it is no name, or another's.
        """
        name = " ".join(name.split())
        with self._lock:
            rater = _checked(name) if name else self._guest()
            taken = rater in self._joined or any(vote.rater == rater for vote in self._votes.votes)
            if taken and not (self._among_friends or self._is_secret(rater, secret)):
                raise Refused("another browser votes under this name; choose another", HTTPStatus.FORBIDDEN)
            self._joined.add(rater)
            return self._state(rater)

    def vote(self, rater: str, secret: str, token: str, vote: str, seconds: float) -> dict[str, Any]:
        """Count a vote and return what comes next.

        Raises:
            Refused: if a value is none that can be, or the image is not the rater's present one, as where it
                is voted on twice, or in another window.
            UserError: if the vote could not be written.
        """
        self._check_secret(rater, secret)
        with self._lock:
            waiting = self._waiting(rater)
            if not waiting or waiting[0] != token:
                raise Refused("this image is no longer the one to vote on", HTTPStatus.CONFLICT)
            picture = self.pictures[token]
            now = datetime.now(UTC).isoformat(timespec="seconds")
            took = round(min(seconds, LONGEST_VOTE), 2)
            self._votes.add(Vote(now, rater, picture.name, picture.kind, Kind(vote), took))
            return self._state(rater)

    def undo(self, rater: str, secret: str) -> dict[str, Any]:
        """Take back the rater's last vote, if there is one, and return what comes next.

        Raises:
            Refused: if the secret is not the rater's.
        """
        self._check_secret(rater, secret)
        with self._lock:
            theirs = self._counted(rater)
            if theirs:
                self._votes.drop(theirs[-1])
            return self._state(rater)

    def _state(self, rater: str) -> dict[str, Any]:
        """What the page shows: the present image and the one after it, or the result."""
        waiting = self._waiting(rater)
        state = {"rater": rater, "secret": self._secret(rater), "images": waiting[:2]}
        state |= {"done": self.size - len(waiting), "of": self.size}
        if not waiting:
            everybody = self._counted()
            raters = len(tally_raters(everybody))
            together = {"raters": raters, **_plain(tally(everybody))} if raters > 1 else None
            state["result"] = {"own": _plain(tally(self._counted(rater))), "together": together}
        return state

    def _waiting(self, rater: str) -> list[str]:
        """Tokens of the images that a rater has not voted on, in the rater's order."""
        voted = {(vote.truth, vote.image) for vote in self._counted(rater)}
        left = [identity for identity in self._token_of if identity not in voted]
        left.sort(key=lambda identity: derive_seed(self._seed, "rate", rater, *identity))
        return [self._token_of[identity] for identity in left]

    def _counted(self, rater: str | None = None) -> list[Vote]:
        """Votes on these images, of one rater or of all."""
        votes = [vote for vote in self._votes.votes if rater in (None, vote.rater)]
        return [vote for vote in votes if (vote.truth, vote.image) in self._token_of]

    def _secret(self, rater: str) -> str:
        return hmac.new(self._key, rater.encode(), hashlib.sha256).hexdigest()

    def _is_secret(self, rater: str, secret: str) -> bool:
        return hmac.compare_digest(secret.encode(), self._secret(rater).encode())

    def _check_secret(self, rater: str, secret: str) -> None:
        if not self._is_secret(_checked(rater), secret):
            raise Refused("this is another's name: load the page again", HTTPStatus.FORBIDDEN)

    def _guest(self) -> str:
        taken = self._guests | {vote.rater for vote in self._votes.votes}
        name = next(name for number in count(1) if (name := f"rater {number}") not in taken)
        self._guests.add(name)
        return name


def open_panel(
    real: list[Picture],
    generated: list[Picture],
    votes: VoteFile,
    images: int,
    image_size: tuple[int, int] | None,
    seed: int,
    key: bytes | None = None,
    among_friends: bool = True,
) -> tuple[Panel, dict[str, bytes]]:
    """Draw the images and bring them to one size; the panel, and the JPEG of each by its random name.

    They are all read now, so that none is late because of its file, and what is unreadable is told before
    anybody votes.
    """
    _refuse_other_images(votes, [*real, *generated])
    panel = Panel(draw_pictures(real, generated, images, seed), votes, seed, key, among_friends)
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
        signs = f"letters, digits, spaces and . ' -, {LONGEST_NAME} at most, a letter or digit first"
        raise Refused(f"a name has {signs}")
    return name


def _refuse_other_images(votes: VoteFile, pictures: Many[Picture]) -> None:
    """Keep votes on images that are none of ``pictures`` from being mixed with those that come."""
    known = {_identity(picture) for picture in pictures}
    for vote in votes.votes:
        if (vote.truth, vote.image) not in known:
            what = f"has votes on other images, as {vote.truth} {vote.image}"
            raise UserError(votes.path, what, "give another --out")


def _plain(votes: Tally) -> dict[str, Any]:
    """For the page: each count with its part and interval."""
    plain = asdict(votes)
    for name, value in vars(votes).items():
        if isinstance(value, Count) and value.part:
            plain[name] |= value.part._asdict()
    return plain

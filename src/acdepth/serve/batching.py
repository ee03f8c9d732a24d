"""Images of many requests go through a network together: one thread gathers and computes."""

import queue
import threading
import time
from collections import defaultdict
from concurrent.futures import Future
from dataclasses import dataclass, field
from http import HTTPStatus

import numpy as np

from acdepth.core.camera import Camera
from acdepth.core.errors import UserError
from acdepth.core.prediction import DepthPrediction
from acdepth.inference.predictor import Predictor
from acdepth.serve.limits import Limits
from acdepth.serve.reading import Refused


@dataclass(frozen=True)
class Asked:
    """One image that waits."""

    predictor: Predictor
    image: np.ndarray
    camera: Camera | None
    confidence: bool
    answer: "Future[DepthPrediction]" = field(default_factory=Future)

    @property
    def together_with(self) -> tuple[object, ...]:
        """Equal for images that go through a network in one batch."""
        return id(self.predictor), self.image.shape, self.camera, self.confidence


class Batcher:
    """Asks networks in a thread of its own, so that what runs at once, and its memory, is bounded.

    Used in a ``with`` statement. Convolutions round differently in batches of different size, so the last
    bits of an answer depend on who asks at the same time.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: queue.Queue[Asked | None] = queue.Queue(limits.waiting)
        self._thread = threading.Thread(target=self._work, name="depth", daemon=True)
        self.batches = 0
        """Done so far."""
        self.images = 0
        """In these."""

    def __enter__(self) -> "Batcher":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._waiting.put(None)
        self._thread.join()

    @property
    def waiting(self) -> int:
        """Images that wait now."""
        return self._waiting.qsize()

    def submit(
        self, predictor: Predictor, image: np.ndarray, camera: Camera | None = None, confidence: bool = False
    ) -> "Future[DepthPrediction]":
        """Wait in line; arguments as for a `Predictor`.

        Raises:
            Refused: if too many wait.
        """
        asked = Asked(predictor, image, camera, confidence)
        try:
            self._waiting.put_nowait(asked)
        except queue.Full:
            what = f"{self._limits.waiting} images are waiting already"
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, what, "ask again in a moment") from None
        return asked.answer

    def ask(
        self, predictor: Predictor, image: np.ndarray, camera: Camera | None = None, confidence: bool = False
    ) -> DepthPrediction:
        """`submit`, and wait for the answer.

        Raises:
            UserError: as the predictor, or if it takes too long.
        """
        answer = self.submit(predictor, image, camera, confidence)
        try:
            return answer.result(self._limits.answer_seconds)
        except TimeoutError as error:
            answer.cancel()
            raise too_long(self._limits) from error

    def _work(self) -> None:
        while (first := self._waiting.get()) is not None:
            groups: dict[tuple[object, ...], list[Asked]] = defaultdict(list)
            goes_on = True
            for asked in [first, *self._others()]:
                if asked is None:
                    goes_on = False
                elif asked.answer.set_running_or_notify_cancel():
                    groups[asked.together_with].append(asked)
            for group in groups.values():
                self._answer(group)
            if not goes_on:
                return

    def _others(self) -> list[Asked | None]:
        """Those that come in time to go with the first."""
        found: list[Asked | None] = []
        until = time.monotonic() + self._limits.gather_ms / 1000
        while len(found) + 1 < self._limits.at_once:
            try:
                found.append(self._waiting.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
        return found

    def _answer(self, group: list[Asked]) -> None:
        predictor, camera, confidence = group[0].predictor, group[0].camera, group[0].confidence
        images = [asked.image for asked in group]
        try:
            found = predictor.predict_batch(images, camera, confidence=confidence)
        except UserError as error:
            if len(group) == 1:
                group[0].answer.set_exception(error)
            else:  # one of them is at fault, not the others
                for asked in group:
                    self._answer([asked])
        except Exception as error:  # the thread has to live; whoever asked is told
            for asked in group:
                asked.answer.set_exception(error)
        else:
            self.batches, self.images = self.batches + 1, self.images + len(group)
            for asked, prediction in zip(group, found, strict=True):
                asked.answer.set_result(prediction)


def too_long(limits: Limits) -> Refused:
    """What is said after the longest wait."""
    what = f"no answer within {limits.answer_seconds:g} seconds"
    return Refused(HTTPStatus.SERVICE_UNAVAILABLE, what, "ask again later")

"""The whole check, from footage to words."""

import logging
from collections.abc import Sequence
from pathlib import Path

from acdepth.core.clip import Clip
from acdepth.core.errors import UserError
from acdepth.core.files import write_json
from acdepth.core.progress import progress
from acdepth.core.tally import ReadTally
from acdepth.evaluation.unlabelled.answers import Answers, Order, Translated, ask
from acdepth.evaluation.unlabelled.numbers import gather
from acdepth.evaluation.unlabelled.places import find_places, read_place
from acdepth.evaluation.unlabelled.schema import UnlabelledCheck
from acdepth.evaluation.unlabelled.sheet import write_sheet
from acdepth.evaluation.unlabelled.verdict import judge
from acdepth.inference.metric import NoMetres, refuse_unknown
from acdepth.inference.model import DepthModel
from acdepth.inference.view import view_of

CHECK_FILE, SHEET_FILE = "unlabelled.json", "unlabelled.png"
PLACES = 32
"""Of three frames each."""

log = logging.getLogger("acdepth")


def check_unlabelled(
    model: DepthModel,
    footage: Sequence[Clip],
    out: Path | None = None,
    *,
    places: int = PLACES,
    order: Order | None = None,
    translated: Translated | None = None,
    vehicle: float = 0.0,
) -> UnlabelledCheck:
    """Find out, without measured depth, whether a network's depth of some footage may be trusted.

    Motion is found from the images alone, so no pose network is needed, and a teacher, a student and anything
    else that says depth are held to the same. What a relative model says is brought to metres as `acdepth
    predict` does it, and places that tell none are left out with a warning.

    Args:
        model: any depth network.
        footage: video with cameras; of single pictures and where no camera is known less can be told.
        out: folder for ``unlabelled.json`` and the sheet ``unlabelled.png``; None writes nothing.
        places: at which three frames each are looked at, evenly spread.
        order: of points by nearness, such as `prior_order` of a Depth Anything; None leaves it out.
        translated: the frames in other conditions; None leaves that out.
        vehicle: part of the image that shows the vehicle itself and that no mask leaves out.

    Raises:
        UserError: if there are no frames, more places cannot be read than a `ReadTally` allows, or the model
            is relative and nothing tells metres.
    """
    chosen = find_places(footage, places)
    if not chosen:
        raise UserError(None, "the footage has no frames to check depth on", "give video, or pictures")
    if model.relative:
        for clip in footage:
            refuse_unknown(view_of(clip, 0, None, (1, 1)))
    seen = _look(model, chosen, order, translated)
    count = sum(len(answers.depths) for answers in seen)
    result = judge(model, gather(seen), count, SHEET_FILE if out else None, vehicle)
    if out:
        write_sheet(out / SHEET_FILE, seen)
        write_json(out / CHECK_FILE, result.to_dict(), sort=False)
    return result


def _look(
    model: DepthModel,
    chosen: Sequence[tuple[Clip, int]],
    order: Order | None,
    translated: Translated | None,
) -> list[Answers]:
    tally, without_metres = ReadTally(len(chosen)), list[NoMetres]()
    seen = []
    with progress("check", len(chosen), unit="place") as advance:
        for clip, index in chosen:
            try:
                seen.append(ask(model, read_place(clip, index), order, translated))
            except NoMetres as error:
                without_metres.append(error)
            except UserError as error:
                tally.skip(error)
            advance()
    if without_metres:
        many = f"{len(without_metres)} of {len(chosen)} places tell no metres"
        if not seen:
            raise UserError(None, f"{many}, first {without_metres[0]}")
        log.warning("%s and are not looked at, first %s", many, without_metres[0])
    return seen

"""What the check without measured depth found, in the words of someone who wants to use the depth."""

from acdepth.evaluation.unlabelled import UnlabelledCheck
from acdepth.evaluation.unlabelled.schema import Measure

ANOTHER = "Let another network teach: --teacher hf:NAME, a depth model that is good at streets"
LONGER = "Give more time, by more --minutes, and more footage in which the camera moves"
CAMERA = (
    "Calibrate the camera, and put camera.yaml beside the footage, if it was guessed by --fov: "
    "a wrong lens makes true depth look wrong"
)
ROAD = "See by the pictures whether a road is in view at all; where none is, this tells nothing"
OUGHT = {
    "finite": "depth ought to be a number everywhere",
    "contrast": "what is far ought to be many times as far as what is near",
    "alike": "different pictures ought to have different depth",
    "stuck": "little ought to be as near or as far as the network can say at all",
    "motion": "depth ought to tell how the picture changes as the camera moves",
    "same_point": "a point ought to keep its place from one frame to the next",
    "road": "a level road ought to lie below the camera",
    "height": "the camera ought to keep its height above the road",
    "pitch": "the camera ought to keep its tilt to the road",
    "rise": "the road ought to lie along the way the camera moves",
    "below": "the road ought to have no holes",
    "sky": "the sky ought to be farther than all else",
    "mirror": "the mirror image ought to have the same depth, mirrored",
    "light": "the same picture, darker, ought to have the same depth",
    "translated": "the same picture by {} ought to have the same depth",
    "order": "near and far ought to be ordered as another depth network orders them",
    "metres": "metres ought to be those of the speeds, or of the camera's height",
    "vehicle": "nothing of the vehicle itself ought to be learnt from",
}
"""What is asked, by the name of a measure."""
TRY = {
    **dict.fromkeys(("finite", "contrast", "alike", "stuck"), (ANOTHER, LONGER)),
    **dict.fromkeys(("motion", "same_point"), (CAMERA, LONGER, ANOTHER)),
    **dict.fromkeys(("road", "below"), (ROAD, ANOTHER)),
    **dict.fromkeys(("height", "pitch", "rise"), (CAMERA, LONGER)),
    "sky": (ANOTHER,),
    **dict.fromkeys(("mirror", "light", "translated"), (LONGER,)),
    "metres": ("Measure --camera-height again, and look whether speeds and times are in the units they say",),
}
"""What may help where it is not so."""
ANSWERS = {"works": "yes", "doubtful": "doubtful", "degenerate": "no", "unknown": "cannot be told"}
"""Whether it is so."""


def asked(name: str) -> str:
    """What a measure asks, by its name."""
    kind, condition = _kind(name)
    return OUGHT[kind].format(condition) if kind in OUGHT else name.replace("_", " ")


def wrong(check: UnlabelledCheck) -> dict[str, Measure]:
    """What the verdict is by, the worst alone."""
    return {name: one for name, one in check.measures.items() if one.finding == check.verdict != "works"}


def reasons(check: UnlabelledCheck) -> list[str]:
    """Why the verdict is what it is, in sentences."""
    if bad := wrong(check):
        return [
            f"{_capital(asked(name))}, but here: {one.reason or one.in_words}." for name, one in bad.items()
        ]
    if check.verdict != "works":
        told = check.in_words.removeprefix(f"{check.verdict}: ").partition("; try")[0]
        return [f"{_capital(told)}."]
    so = [asked(name) for name, one in check.measures.items() if one.finding == "works"]
    told = [f"{len(so)} things were asked that must be so of any true depth, and all are."]
    unknown = [asked(name) for name, one in check.measures.items() if one.finding == "unknown"]
    if unknown:
        told.append(f"This footage cannot tell of {len(unknown)} more: {'; '.join(unknown)}.")
    return told


def remedies(check: UnlabelledCheck) -> list[str]:
    """What to try with ``acdepth fit``, the most promising first."""
    bad = wrong(check)
    if not bad and check.verdict != "works":
        return ["Give video along a road, with its camera", ANOTHER]
    return list(dict.fromkeys(one for name in bad for one in TRY.get(_kind(name)[0], ())))


def _kind(name: str) -> tuple[str, str]:
    """Of ``translated_night-rain``: ``translated`` and ``night and rain``; of others their name."""
    if name.startswith("translated_"):
        kind, condition = name.split("_", 1)
        return kind, condition.replace("-", " and ")
    return name, ""


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]

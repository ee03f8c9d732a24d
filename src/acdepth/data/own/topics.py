"""Which topics of a bag are meant: by their types and names, or as ``sequence.yaml`` chooses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from acdepth.core.errors import UserError
from acdepth.data.own.clip import Description
from acdepth.data.own.messages import (
    CAMERA_INFO,
    COMPRESSED,
    IMAGE_TYPES,
    MOTION_TYPES,
    is_photograph,
    picture,
)
from acdepth.data.own.recording import Recording

NO_MOTION = "none"
"""Instead of a topic, where none of several shall be used."""


def beside(path: Path) -> tuple[Path, str | None]:
    """Folder and stem of what is told about a bag: in its folder, or beside its file."""
    return (path, None) if path.is_dir() else (path.parent, path.stem)


def image_topic(recording: Recording, description: Description) -> str:
    """That of the images.

    Raises:
        UserError: if there are several, or none that can be read.
    """
    topics = recording.topics()
    of_type = [topic for topic, kind in topics.items() if kind in IMAGE_TYPES]
    if chosen := _chosen(recording, description, "image", IMAGE_TYPES):
        return chosen
    shown = [topic for topic in of_type if is_photograph(first(recording, topic))]
    if len(shown) == 1:
        return shown[0]
    if shown:
        _refuse_several(recording, "image", shown)
    for topic in of_type:  # says why it cannot be read
        picture(first(recording, topic), f"{recording.path}, {topic}")
    told = ", ".join(f"{topic} ({kind})" for topic, kind in list(topics.items())[:6]) or "nothing"
    remedy = f"images are read from {' and '.join(IMAGE_TYPES)}"
    raise UserError(recording.path, f"has no images that can be read, but {told}", remedy)


def camera_topic(recording: Recording, description: Description, image: str) -> str | None:
    """The ``camera_info`` in the images' namespace; names of compressed ones end in how, a part more."""
    if chosen := _chosen(recording, description, "camera_info", (CAMERA_INFO,)):
        return chosen
    parent = image.rpartition("/")[0]
    above = [parent.rpartition("/")[0]] if recording.topics()[image] == COMPRESSED else []
    for namespace in (parent, *above):
        if recording.topics().get(topic := f"{namespace}/camera_info") == CAMERA_INFO:
            return topic
    return None


def tell_camera(recording: Recording, image: str, on_warning: Callable[[str], object]) -> None:
    """Warn of cameras whose name does not say that they are the images'."""
    infos = [topic for topic, kind in recording.topics().items() if kind == CAMERA_INFO]
    if infos:
        what = f"no camera_info beside {image}, only {', '.join(infos)}"
        remedy = (
            f"if it is theirs, choose in {_sequence_file(recording)}: topics: {{camera_info: {infos[0]}}}"
        )
        on_warning(f"{recording.path}: {what}; {remedy}")


def motion_topic(recording: Recording, description: Description) -> str | None:
    """That of motion; None if there is none, or none is wanted.

    Raises:
        UserError: if there are several.
    """
    if description.topics.get("motion") == NO_MOTION:
        return None
    if chosen := _chosen(recording, description, "motion", MOTION_TYPES):
        return chosen
    found = [topic for topic, kind in recording.topics().items() if kind in MOTION_TYPES]
    if len(found) > 1:
        _refuse_several(recording, "motion", found)
    return found[0] if found else None


def _chosen(recording: Recording, description: Description, use: str, kinds: tuple[str, ...]) -> str | None:
    topic = description.topics.get(use)
    if topic is None or recording.topics().get(topic) in kinds:
        return topic
    there = ", ".join(one for one, kind in recording.topics().items() if kind in kinds) or "none"
    what = f"has no topic {topic} for {use}, which sequence.yaml chooses"
    raise UserError(recording.path, what, f"there are {there}")


def _refuse_several(recording: Recording, use: str, found: list[str]) -> None:
    what = f"has several topics for {use} ({', '.join(found)})"
    none = f", or {NO_MOTION}" if use == "motion" else ""
    raise UserError(
        recording.path, what, f"choose in {_sequence_file(recording)}: topics: {{{use}: {found[0]}}}{none}"
    )


def _sequence_file(recording: Recording) -> Path:
    folder, stem = beside(recording.path)
    return folder / (f"{stem}.sequence.yaml" if stem else "sequence.yaml")


def first(recording: Recording, topic: str) -> Any:
    """The first message of a topic.

    Raises:
        UserError: if there is none.
    """
    for _, _, content in recording.raw([topic]):
        return recording.message(topic, content)
    raise UserError(recording.path, f"no message of {topic}, though its index counts some", "copy it again")


def is_rectified(image: str) -> bool:
    """Whether ROS has straightened the images: by the name that its image pipeline gives them."""
    return any(part.startswith("image_rect") for part in image.split("/"))

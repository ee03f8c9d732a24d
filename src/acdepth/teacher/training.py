"""The teacher's training: clear video in, metric depth network out (ACDepth, section 3.2)."""

import logging
from collections import Counter
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from acdepth.core.clip import Clip, clear_clips
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file, write_json
from acdepth.core.identity import Identity
from acdepth.core.progress import say
from acdepth.core.provenance import provenance
from acdepth.data.folder import open_data
from acdepth.data.one_camera import training_camera
from acdepth.data.prepared import Prepared, fingerprint, prepare
from acdepth.data.triplets import TripletBatches, median_distance, refuse_unknown_cameras
from acdepth.engine import fit, run_folder
from acdepth.inference.framing import network_size
from acdepth.networks.checkpoint import (
    MODEL_FILE,
    CheckpointCard,
    load_encoder,
    save_checkpoint,
    save_tensors,
)
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.metres import Source, in_metres
from acdepth.networks.pose_net import POSE_FILE
from acdepth.teacher.gain import GAIN_FILE, Explainer, find_gain, held_out_frames
from acdepth.teacher.lengths import lengths_by_height
from acdepth.teacher.metres import RoadHeights, find_metres, see_road, write_metres
from acdepth.teacher.motion import compare_motion
from acdepth.teacher.pose_first import bring_to_metres, forward_by_depth, learn_motion
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.start import Start, first_encoder, open_start, pose_file, start_file, starting_files
from acdepth.teacher.task import TeacherTask
from acdepth.teacher.ways import ways_of_clips

MOTION_FILE = "motion.json"
START_FILE = "start.safetensors"
"""The checkpoint, in a run folder, of what training started from, for the camera of its footage."""
USUAL_FORWARD = 0.8
"""[m per frame] where nothing says how far the camera moves: 10 m/s at 12 images a second. The unit is free
then, but motion must be of a size with ``initial_depth``: from standing still little is learnt."""


def train_teacher(config: TeacherConfig, data: Path, out: Path) -> Path:
    """Train on the clear clips below ``data``, and return the checkpoint.

    Args:
        config: settings.
        data: footage of any layout that `open_data` knows, with cameras; speeds or
            the camera's height make depth metric.
        out: run folder: ``config.yaml``, ``prepared/``, ``checkpoints/``, ``log.jsonl``,
            ``motion.json``, ``metres.json``, ``pose.safetensors``, ``model.safetensors``; with a start also
            ``start.safetensors``, the network that training started from for the camera of the footage, and
            ``gain.json``, and of the steps of the pose network alone ``pose_first/``.

    Raises:
        UserError: if there is no clear footage, or it cannot be trained on.
    """
    clear = clear_clips(open_data(data, choice=config))
    if not clear:
        raise UserError(data, "no clear footage", "the teacher learns on clear video only")
    refuse_unknown_cameras(clear)
    loop, size, crop, resize = config.loop, training_size(config, clear), config.crop, config.resize
    made_from = teacher_identity(config, fingerprint(clear, size, crop, resize=resize))
    with run_folder(out, made_from, loop) as share:
        with share.main_first():
            prepared = prepare(clear, out / "prepared", size, crop, resize=resize)
            config.write(out / "config.yaml")
        lengths, held_out = _lengths_of_start(config, prepared), held_out_frames(prepared, config.held_out)
        batches = partial(
            TripletBatches,
            prepared,
            loop.batch_size,
            loop.seed,
            config.min_speed,
            mirror=config.mirrored == "clips",
            intrinsics=config.intrinsics,
            distances=lengths,
            ways=_ways(prepared) if config.level > 0 else None,
            left_out=held_out,
        )
        footage = Footage(clear, prepared, training_camera(prepared))
        if start_file(config) is None:
            start, task = None, TeacherTask(config, _initial_forward(prepared, config))
            _fill_encoders(task, config)
        else:
            start = _at_work(config, footage, batches, out, made_from)
            task = TeacherTask(config, start=deepcopy(start))
        fit("teacher", task, batches, loop, out, made_from)
        if share.leads:
            if start is not None:
                _save_start(task, start, footage, held_out, lengths, out)
            _save(task, footage, start is not None and start.metric and config.pull > 0, out)
    return out / MODEL_FILE


class Footage(NamedTuple):
    """What a teacher learns on."""

    clips: list[Clip]
    prepared: Prepared
    camera: dict[str, float | int] | None
    """As a card has it."""


def _at_work(
    config: TeacherConfig, footage: Footage, batches: partial[TripletBatches], out: Path, made_from: Identity
) -> Start:
    """What training starts from, when it knows how the camera moves and what of metres is known."""
    start, prepared = open_start(config, footage.camera), footage.prepared
    if not start.knows_motion:
        told = config.initial_forward
        start.pose.initial_forward = (
            forward_by_depth(config, start.depth, prepared) if told == "measured" else told
        )
    if config.pose_first:
        learn_motion(config, start, batches, out, made_from)
    bring_to_metres(config, start, prepared)
    return start


def _save(task: TeacherTask, footage: Footage, held: bool, out: Path) -> None:
    """Write what the trained networks are, and where their metres come from."""
    prepared = footage.prepared
    about = f"teacher, self-supervised on {len(prepared)} clear frames of {len(footage.clips)} sequences"
    road, card = _describe(task.config, task.depth_net, footage, held, about)
    assert card.metres is not None
    card.made_by["initial_forward"] = task.pose_net.initial_forward
    write_json(out / MOTION_FILE, compare_motion(task.pose_net, prepared, card.metres.scale))
    write_metres(out, card.metres, road, prepared.frames)
    save_tensors(out / POSE_FILE, task.pose_net.state_dict(), {}, half=False)
    save_checkpoint(out / MODEL_FILE, task.depth_net, card)


def _save_start(
    task: TeacherTask,
    start: Start,
    footage: Footage,
    held_out: np.ndarray,
    lengths: np.ndarray | None,
    out: Path,
) -> None:
    """Write what training started from, as a teacher of this footage, and what was gained on it."""
    config = task.config
    _, card = _describe(config, start.depth, footage, start.metric, f"{config.start}, as training found it")
    save_checkpoint(out / START_FILE, start.depth, card)
    if not config.held_out:
        return
    trained = Explainer(task.depth_net, task.pose_net)
    starts = (Explainer(start.depth, start.pose), Explainer(start.depth, task.pose_net))
    gain = find_gain(config, footage.prepared, held_out, starts, trained, lengths)
    write_json(out / GAIN_FILE, gain.to_dict())
    say(gain.describe())


def _describe(
    config: TeacherConfig, network: DepthNet, footage: Footage, held: bool, description: str
) -> tuple[RoadHeights, CheckpointCard]:
    """The road as a network sees it, and the card that follows."""
    prepared, road = footage.prepared, see_road(network, footage.prepared)
    metres = find_metres(road, _known_motion(config, footage.clips, prepared), held)
    card = CheckpointCard(
        network=in_metres(network.config, metres.scale),
        input_size=prepared.image_size,
        camera=footage.camera,
        crop=config.crop,
        resize=config.resize,
        metric=metres.source != "none",
        metres=metres,
        description=description,
        made_by={**provenance(), "config": config.to_dict(), "data": prepared.made_from},
    )
    return road, card


def training_size(config: TeacherConfig, clips: list[Clip]) -> tuple[int, int]:
    """(height, width) of the network's input [px], for the aspect that most of the footage has."""
    if not config.keep_aspect:
        return config.image_size
    crop, frames = config.crop, Counter[tuple[int, int]]()
    for clip in clips:
        if clip.camera is not None:
            seen = crop or clip.camera
            frames[seen.height, seen.width] += len(clip)
    (size, _) = frames.most_common(1)[0] if frames else (config.image_size, 0)
    return network_size(size, config.image_size, config.image_size[1] / config.image_size[0])


def _known_motion(config: TeacherConfig, clips: list[Clip], prepared: Prepared) -> Source | None:
    """From what the lengths of motion are known that depth was trained with; None if with none."""
    if not config.learns_lengths or np.isnan(prepared.frames.distance_to_next).all():
        return None
    told: set[Source] = {clip.lengths_from for clip in clips if clip.lengths_from is not None}
    return told.pop() if len(told) == 1 else "speeds or poses"


def teacher_identity(config: TeacherConfig, footage: str | None) -> Identity:
    """What decides how a teacher comes out; None is for ``footage`` that something else stands for."""
    starts = {name: hash_file(path) for name, path in starting_files(config).items()}
    return Identity.of(config).and_facts({"training footage": footage, **starts})


def _initial_forward(prepared: Prepared, config: TeacherConfig) -> float:
    if config.initial_forward != "measured":
        return config.initial_forward
    known = median_distance(prepared)
    if known is None and np.isnan(prepared.frames.clip_camera_height).all():
        logging.getLogger("acdepth").warning(
            "no frame says how far the camera moved, so depth will have no scale; motion.csv, poses or "
            "camera_height in camera.yaml would"
        )
    return USUAL_FORWARD if known is None else known


def _lengths_of_start(config: TeacherConfig, prepared: Prepared) -> np.ndarray | None:
    if not config.lengths_by_height:
        return None
    if config.start is None or pose_file(config) is None:
        what = "lengths_by_height takes them from an earlier teacher"
        raise UserError(None, what, "give --start the run folder of one of these drives")
    return lengths_by_height(config.start, config, prepared)


def _ways(prepared: Prepared) -> np.ndarray:
    """See `ways_of_clips`; says how many clips tell theirs, for the road of the others is not held."""
    ways = ways_of_clips(prepared)
    told = np.isfinite(ways).all(1).sum()
    say(f"images tell the way that the vehicle drives in {told} of {len(ways)} sequences")
    return ways


def _fill_encoders(task: TeacherTask, config: TeacherConfig) -> None:
    if (file := first_encoder(config)) is not None:
        for network in (task.depth_net, task.pose_net):
            load_encoder(network.encoder, file)

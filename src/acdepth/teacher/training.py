"""The teacher's training: clear video in, metric depth network out (ACDepth, section 3.2)."""

import logging
from functools import partial
from pathlib import Path

import numpy as np

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file, write_json
from acdepth.core.identity import Identity
from acdepth.core.provenance import provenance
from acdepth.data.folder import open_data
from acdepth.data.one_camera import training_camera
from acdepth.data.prepared import Prepared, fingerprint, prepare
from acdepth.data.triplets import TripletBatches, median_distance, refuse_unknown_cameras
from acdepth.engine import fit, run_folder
from acdepth.networks.checkpoint import (
    MODEL_FILE,
    CheckpointCard,
    load_encoder,
    load_tensors,
    load_weights,
    save_checkpoint,
    save_tensors,
)
from acdepth.networks.imagenet import encoder_file
from acdepth.networks.metres import Source, in_metres
from acdepth.networks.pose_net import POSE_FILE
from acdepth.teacher.lengths import lengths_by_height
from acdepth.teacher.metres import find_metres, see_road, write_metres
from acdepth.teacher.motion import compare_motion
from acdepth.teacher.settings import TeacherConfig
from acdepth.teacher.task import TeacherTask

MOTION_FILE = "motion.json"
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
            ``motion.json``, ``metres.json``, ``pose.safetensors``, ``model.safetensors``.

    Raises:
        UserError: if there is no clear footage, or it cannot be trained on.
    """
    clear = [clip for clip in open_data(data, choice=config) if clip.condition == Condition.CLEAR]
    if not clear:
        raise UserError(data, "no clear footage", "the teacher learns on clear video only")
    refuse_unknown_cameras(clear)
    loop = config.loop
    size, crop, resize = config.image_size, config.crop, config.resize
    made_from = teacher_identity(config, fingerprint(clear, size, crop, resize=resize))
    with run_folder(out, made_from, loop) as share:
        with share.main_first():
            prepared = prepare(clear, out / "prepared", size, crop, resize=resize)
            config.write(out / "config.yaml")
        task = TeacherTask(config, _initial_forward(prepared, config))
        _start(task, config)
        batches = partial(
            TripletBatches,
            prepared,
            loop.batch_size,
            loop.seed,
            config.min_speed,
            mirror=config.mirrored == "clips",
            intrinsics=config.intrinsics,
            distances=_lengths_of_start(config, prepared),
        )
        fit("teacher", task, batches, loop, out, made_from)
        if share.leads:
            _save(task, clear, prepared, out)
    return out / MODEL_FILE


def _save(task: TeacherTask, clips: list[Clip], prepared: Prepared, out: Path) -> None:
    """Write what the trained networks are, and where their metres come from."""
    config, road = task.config, see_road(task.depth_net, prepared)
    metres = find_metres(road, _known_motion(config, clips, prepared))
    forward = task.pose_net.initial_forward
    history = {**provenance(), "config": config.to_dict(), "data": prepared.made_from}
    card = CheckpointCard(
        network=in_metres(config.network, metres.scale),
        input_size=config.image_size,
        camera=training_camera(prepared),
        crop=config.crop,
        resize=config.resize,
        metric=metres.source != "none",
        metres=metres,
        description=f"teacher, self-supervised on {len(prepared)} clear frames of {len(clips)} sequences",
        made_by={**history, "initial_forward": forward},
    )
    write_json(out / MOTION_FILE, compare_motion(task.pose_net, prepared, metres.scale))
    write_metres(out, metres, road, prepared.frames)
    save_tensors(out / POSE_FILE, task.pose_net.state_dict(), {}, half=False)
    save_checkpoint(out / MODEL_FILE, task.depth_net, card)


def _known_motion(config: TeacherConfig, clips: list[Clip], prepared: Prepared) -> Source | None:
    """From what the lengths of motion are known that depth was trained with; None if with none."""
    used = config.velocity_weight > 0 or config.motion_length == "measured"
    if not used or np.isnan(prepared.frames.distance_to_next).all():
        return None
    told: set[Source] = {clip.lengths_from for clip in clips if clip.lengths_from is not None}
    return told.pop() if len(told) == 1 else "speeds or poses"


def teacher_identity(config: TeacherConfig, footage: str | None) -> Identity:
    """What decides how a teacher comes out; None is for ``footage`` that something else stands for."""
    starts = {f"content of {path.name}": hash_file(path) for path in starting_files(config)}
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
    if config.start is None:
        what = "lengths_by_height takes them from an earlier teacher"
        raise UserError(None, what, "give --start the run folder of one of these drives")
    return lengths_by_height(config.start, config, prepared)


def starting_files(config: TeacherConfig) -> list[Path]:
    """The files that the networks start from; `UserError` if there are two answers."""
    if config.start is None:
        return [encoder_file(config.encoder)] if config.encoder else []
    if config.encoder is not None:
        raise UserError(None, "encoder and start are both given", "an earlier teacher brings its own encoder")
    files = [config.start / MODEL_FILE, config.start / POSE_FILE]
    if missing := [file for file in files if not file.is_file()]:
        raise UserError(missing[0], "no such checkpoint", "start is the run folder of a finished teacher")
    return files


def _start(task: TeacherTask, config: TeacherConfig) -> None:
    files = starting_files(config)
    networks = (task.depth_net, task.pose_net)
    if config.start is not None:
        for network, file in zip(networks, files, strict=True):
            load_weights(network, load_tensors(file)[0], file)
    elif files:
        for network in networks:
            load_encoder(network.encoder, files[0])

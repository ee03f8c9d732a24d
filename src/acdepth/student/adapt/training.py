"""The adaptation of a trained student: unlabelled adverse footage and its anchor in, depth network out."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from acdepth.core.clip import Clip
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file
from acdepth.core.identity import Identity
from acdepth.core.provenance import provenance
from acdepth.core.shipped import PRIOR, STUDENT, or_shipped
from acdepth.data.adverse import AdaptBatches, filmed_frames, split_off
from acdepth.data.folder import open_data
from acdepth.data.mix import MixBatches
from acdepth.data.order import targets
from acdepth.data.parts import has_splits
from acdepth.data.pools import Pool
from acdepth.data.prepared import fingerprint, prepare
from acdepth.data.settings import EVERYTHING
from acdepth.engine import fit, run_folder
from acdepth.engine.processes import of_processes
from acdepth.engine.state import STATES, load_newest_state
from acdepth.networks.checkpoint import (
    MODEL_FILE,
    CheckpointCard,
    checkpoint_file,
    load_checkpoint,
    save_checkpoint,
)
from acdepth.prior.depth_anything import DepthAnythingPrior, content_of
from acdepth.student.adapt.pose_start import load_pose_net, pose_file
from acdepth.student.adapt.settings import AdaptConfig
from acdepth.student.adapt.task import AdaptTask
from acdepth.student.adapt.validation import Score, Validation
from acdepth.student.training import clear_fingerprint, clear_footage, prepare_mix, translations_made_by

BEST_FILE = "best.safetensors"
"""The state that agrees best so far."""


def train_adapted(
    config: AdaptConfig,
    data: Path,
    adverse: Sequence[Path],
    translations: Path | None,
    student: Path,
    teacher: Path,
    prior: Path,
    out: Path,
) -> Path:
    """Adapt a student to footage without depth, poses or labels.

    Args:
        config: settings.
        data: the clear footage that the student learnt on, or other footage of the same camera.
        adverse: folders of adverse footage; only its images are read, and where L_p has a weight also its
            cameras and distances.
        translations: of ``data``; None only where the mix is clear alone.
        student: checkpoint or run folder to start from, or ``shipped``.
        teacher: checkpoint or run folder of the frozen teacher; where L_p has a weight its run folder, for
            the pose network.
        prior: model folder of a Depth Anything, or ``shipped``.
        out: run folder: ``config.yaml``, ``prepared/``, ``checkpoints/``, ``log.jsonl``,
            ``agreement.jsonl``, ``best.safetensors``, ``model.safetensors``.

    Returns:
        The checkpoint of the best state of the slow teacher, which may be the student as it came.

    Raises:
        UserError: if something is missing, or teacher and student do not belong together.
    """
    student, teacher = checkpoint_file(or_shipped(student, STUDENT)), checkpoint_file(teacher)
    prior = or_shipped(prior, PRIOR)
    network, card = load_checkpoint(student)
    taught_by, teacher_card = load_checkpoint(teacher)
    _refuse_strangers(card, student, teacher_card, teacher)
    clips = clear_footage(config.anchor, data, translations)
    footage = _adverse_footage(config, adverse)
    pose_net = load_pose_net(teacher, teacher_card) if config.photometric_weight > 0 else None
    reach = 1 if pose_net else 0
    inputs = {"training footage": clear_fingerprint(clips, card)}
    size, crop, resize = card.input_size, card.crop, card.resize
    inputs |= {"adverse footage": fingerprint(footage, size, crop, reach, resize)}
    inputs |= translations_made_by(config.anchor, translations)
    files = {"student": hash_file(student), "teacher": hash_file(teacher), "prior": content_of(prior)}
    files |= {"pose network": hash_file(pose_file(teacher))} if pose_net else {}
    # How often a state is scored decides which one is kept, so it is not incidental here.
    loop, every = config.loop, {"loop.checkpoint_every": config.loop.checkpoint_every}
    made_from = Identity.of(config).and_facts({**every, **inputs, **files})
    with run_folder(out, made_from, loop) as share:
        with share.main_first():
            clear, translated = prepare_mix(config.anchor, clips, translations, card, out / "prepared")
            prepared = prepare(footage, out / "prepared" / "adverse", size, crop, reach, resize=resize)
            config.write(out / "config.yaml")
        learning, apart = split_off(prepared, config.validation.held_out)
        filmed = filmed_frames(prepared, learning, apart, config.min_speed) if pose_net else None
        order = DepthAnythingPrior.from_pretrained(prior)
        task = AdaptTask(config, network, taught_by, order, pose_net)
        # The loop does the same, and the layout in memory shows in the last digits of the first score.
        task.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

        def keep_best(step: int) -> None:
            with task.slow.in_place():
                save_checkpoint(out / BEST_FILE, network, card)

        def batches(rank: int, processes: int) -> AdaptBatches:
            given = clear, translated, config.mix, loop.batch_size, loop.seed, config.min_speed
            mix = MixBatches(*given, rank, processes)
            return AdaptBatches(mix, learning, config.adverse_batch_size, loop.seed, filmed, rank, processes)

        validation = None
        if share.leads:
            known = Pool(clear, targets(clear, config.min_speed))
            validation = Validation(task, apart, known, out, keep_best)
            step = _resumed_step(task, out, of_processes(made_from, share.count))
            validation.resume(step, loop.saves_at(step))
        if not share.tell(validation and validation.ended):
            fit("adapt", task, batches, loop, out, made_from, on_interval=validation or _not_scored)
        if validation is None:
            return out / MODEL_FILE
        if card.confidence is not None:
            logging.getLogger("acdepth").warning(
                "%s: its confidence head knows the errors of before, so the adapted checkpoint has none; "
                "train one anew with acdepth train confidence",
                student,
            )
        best, _ = load_checkpoint(out / BEST_FILE)
        told = _adapted_card(config, card, learning, validation.best, inputs, files)
        save_checkpoint(out / MODEL_FILE, best, told)
    return out / MODEL_FILE


def _not_scored(step: int) -> None:
    """Of a state in all processes but the first, which scores it for all."""


def _refuse_strangers(
    student: CheckpointCard, path: Path, teacher: CheckpointCard, teacher_path: Path
) -> None:
    """Teacher and student must see the same clear images, with features of the same shapes."""
    for name, of in {
        "input size": lambda card: card.input_size,
        "crop": lambda card: card.crop,
        "resize": lambda card: card.resize,
        "width": lambda card: card.network.width,
    }.items():
        if of(student) != of(teacher):
            what = f"its {name} is {_told(of(teacher))}, but that of {path} is {_told(of(student))}"
            raise UserError(teacher_path, what, "give the teacher that the student learnt from")


def _told(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value or "the whole image")


def _adverse_footage(config: AdaptConfig, folders: Sequence[Path]) -> list[Clip]:
    """The adverse sequences of all folders, by names that no two share."""
    if not folders:
        what = "no adverse footage: give --adverse folders of night or rain frames"
        raise UserError(None, what, "they need no labels")
    found: list[Clip] = []
    for number, folder in enumerate(folders):
        choice = config if has_splits(folder) else EVERYTHING
        footage = open_data(folder, condition=config.condition, choice=choice)
        bad = [clip for clip in footage if clip.condition is not Condition.CLEAR]
        if not bad:
            remedy = "if it is not, write condition: night into sequence.yaml, or give --condition night"
            raise UserError(folder, "all its footage is clear", remedy)
        for clip in bad:
            if len(folders) > 1:
                clip.name = f"{number}/{clip.name}"
        found += bad
    return found


def _resumed_step(task: AdaptTask, out: Path, made_from: Identity) -> int:
    """Load the newest state into ``task``, as the loop will do again, and return its step."""
    learning = [parameter for parameter in task.parameters() if parameter.requires_grad]
    return load_newest_state(out / STATES, task, torch.optim.AdamW(learning), made_from).step


def _adapted_card(
    config: AdaptConfig,
    card: CheckpointCard,
    learning: Mapping[Condition, Pool],
    best: Score,
    inputs: Mapping[str, str],
    files: Mapping[str, str],
) -> CheckpointCard:
    seen = {*card.conditions, *learning}
    frames = sum(len(pool.frames) for pool in learning.values())
    told = f"adapted to {frames} unlabelled frames ({', '.join(learning)}), {best.step} steps"
    history = {**provenance(), "config": config.to_dict(), "data": list(inputs.values())}
    history |= {", ".join(files): list(files.values()), "validation": asdict(best)}
    update = {
        "conditions": tuple(condition for condition in Condition if condition in seen),
        "description": f"{told}; before: {card.description}",
        "made_by": history,
    }
    return card.model_copy(update=update)

"""The training of a confidence head: student, teacher and the translated mix in, student with head out."""

from functools import partial
from pathlib import Path

import torch

from acdepth.core.errors import UserError
from acdepth.core.files import hash_file
from acdepth.core.identity import Identity
from acdepth.core.provenance import provenance
from acdepth.core.seeding import derive_seed
from acdepth.core.shipped import STUDENT, or_shipped
from acdepth.data.mix import MixBatches
from acdepth.engine import fit, run_folder
from acdepth.networks.checkpoint import MODEL_FILE, checkpoint_file, load_checkpoint, save_checkpoint
from acdepth.networks.confidence import ConfidenceHead
from acdepth.student.confidence.settings import ConfidenceConfig
from acdepth.student.confidence.task import ConfidenceTask
from acdepth.student.training import clear_fingerprint, clear_footage, prepare_mix, translations_made_by


def train_confidence(
    config: ConfidenceConfig, data: Path, translations: Path | None, student: Path, teacher: Path, out: Path
) -> Path:
    """Train a confidence head beside a student, whose weights stay, and return the checkpoint.

    Args:
        config: settings.
        data: clear footage. Drives that the student did not learn on show its errors as they will be.
        translations: folder that ``acdepth translate`` made of it; None only where the mix is clear alone.
        student: checkpoint or run folder, or ``shipped``.
        teacher: checkpoint or run folder; may have another input size than the student.
        out: run folder: ``config.yaml``, ``prepared/``, ``checkpoints/``, ``log.jsonl``,
            ``model.safetensors``, which is the student with its head.

    Raises:
        UserError: if something that the settings ask for is missing.
    """
    student, teacher = checkpoint_file(or_shipped(student, STUDENT)), checkpoint_file(teacher)
    network, card = load_checkpoint(student)
    taught_by, teacher_card = load_checkpoint(teacher)
    if card.crop != teacher_card.crop:
        what = f"saw another part of the images than {student}"
        raise UserError(teacher, what, "give a teacher with the same crop")
    loop, clips = config.loop, clear_footage(config.shown, data, translations)
    inputs = {"training footage": clear_fingerprint(clips, card)}
    inputs |= translations_made_by(config.shown, translations)
    files = {"student": hash_file(student), "teacher": hash_file(teacher)}
    made_from = Identity.of(config).and_facts({**inputs, **files})
    with run_folder(out, made_from, loop) as share:
        with share.main_first():
            clear, translated = prepare_mix(config.shown, clips, translations, card, out / "prepared")
            config.write(out / "config.yaml")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(loop.seed, "confidence head"))
            head = ConfidenceHead(config.head, card.network)
        task = ConfidenceTask(config, head, network, taught_by, teacher_card.input_size)
        batches = partial(
            MixBatches, clear, translated, config.mix, loop.batch_size, loop.seed, config.min_speed
        )
        fit("confidence", task, batches, loop, out, made_from)
        history = {**provenance(), "config": config.to_dict(), "data": list(inputs.values()), **files}
        with_head = card.model_copy(update={"made_by": {**card.made_by, "confidence": history}})
        if share.leads:
            save_checkpoint(out / MODEL_FILE, network, with_head, head=head)
    return out / MODEL_FILE

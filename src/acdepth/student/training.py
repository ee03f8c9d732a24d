"""The student's training: teacher, prior and the translated mix in, depth network out."""

from functools import partial
from pathlib import Path

import torch

from acdepth.core.clip import Clip, clear_clips
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file, hash_json
from acdepth.core.hub import hub_model
from acdepth.core.identity import Identity
from acdepth.core.provenance import provenance
from acdepth.core.seeding import derive_seed
from acdepth.core.shipped import PRIOR, or_shipped
from acdepth.data.folder import open_data
from acdepth.data.manifest import Manifest
from acdepth.data.mix import MixBatches
from acdepth.data.prepared import Prepared, fingerprint, prepare
from acdepth.data.translated import prepare_translations
from acdepth.engine import fit, run_folder
from acdepth.networks.checkpoint import (
    MODEL_FILE,
    CheckpointCard,
    checkpoint_file,
    load_checkpoint,
    load_encoder,
    save_checkpoint,
)
from acdepth.networks.depth_net import DepthNet
from acdepth.networks.imagenet import encoder_file
from acdepth.networks.settings import DepthNetConfig
from acdepth.prior.depth_anything import DepthAnythingPrior, content_of
from acdepth.student.asked import ask_once
from acdepth.student.other_teacher import OtherTeacher
from acdepth.student.settings import StudentConfig
from acdepth.student.task import StudentTask


def train_student(
    config: StudentConfig,
    data: Path,
    translations: Path | None,
    teacher: Path,
    prior: Path | None,
    out: Path,
    prepared: Path | None = None,
) -> Path:
    """Train on clear frames and their translations, and return the checkpoint.

    Args:
        config: settings.
        data: the clear footage that was translated.
        translations: folder that ``acdepth translate`` wrote; None only where the mix is clear alone.
        teacher: checkpoint or run folder; the student gets its architecture and input size. Or ``hf:`` and
            the folder or the hub's name of a depth model of transformers.
        prior: model folder of a Depth Anything, or ``shipped``; None only where L_r has no weight.
        out: run folder: ``config.yaml``, ``prepared/``, ``checkpoints/``, ``log.jsonl``,
            ``model.safetensors``.
        prepared: folder of the prepared images, where several trainings share one.

    Raises:
        UserError: if something that the settings ask for is missing.
    """
    teacher, loop = checkpoint_file(teacher), config.loop
    other = OtherTeacher(teacher, config) if hub_model(teacher) else None
    teacher_network, card = (None, other.card) if other else load_checkpoint(teacher)
    order = open_prior(config, prior, card.network)
    card = card.model_copy(update={"network": student_network(config, card.network)})
    if config.teacher_normalisation == "student" and teacher_network is not None:
        teacher_network = _with_numbers_of(card.network, teacher_network)
    clips = clear_footage(config, data, translations)
    if other:
        other.refuse_unknown(clips)
    inputs = {"training footage": clear_fingerprint(clips, card)}
    inputs |= translations_made_by(config, translations)
    taught_by = other.model.sha256 if other else hash_file(teacher)
    files = {"teacher": taught_by, **student_files(config, prior)}
    made_from = Identity.of(config).and_facts({**inputs, **files})
    with run_folder(out, made_from, loop) as share:
        with share.main_first():
            place = prepared or out / "prepared"
            clear, translated = prepare_mix(config, clips, translations, card, place)
            labels = other.labels(clips, clear, place / "labels") if other else None
            config.write(out / "config.yaml")
        if other and labels:
            card = other.learnt_card(clips, clear, labels).model_copy(update={"network": card.network})
        asked = ask_once(config, teacher_network, order, clear, files, place / "answers", share)
        student = _new_student(config, teacher, card.network)
        task = StudentTask(config, student, teacher_network, None if asked.prior else order)
        given = clear, translated, config.mix, loop.batch_size, loop.seed, config.min_speed
        told = {"labels": labels, "taught": asked.teacher, "prior": asked.prior}
        alike = config.mirrored == "batches"
        batches = partial(MixBatches, *given, ends=config.scene_ends, alike=alike, **told)
        fit("student", task, batches, loop, out, made_from)
        conditions = tuple(condition for condition in Condition if config.mix.get(condition, 0) > 0)
        about = f"student of {len(clear)} clear frames and their translations ({', '.join(conditions)})"
        history = {**provenance(), "config": config.to_dict(), "data": list(inputs.values()), **files}
        update = {
            "conditions": conditions,
            "metres": card.metres and card.metres.handed_on(),
            "description": f"{about}; its teacher: {card.description}",
            "made_by": history,
        }
        if share.leads:
            save_checkpoint(out / MODEL_FILE, task.student, card.model_copy(update=update))
    return out / MODEL_FILE


def student_network(config: StudentConfig, teacher: DepthNetConfig) -> DepthNetConfig:
    """What the student is: as its teacher, but for a normalisation of its own.

    Raises:
        UserError: if it starts from the teacher's weights, which learnt from images normalised otherwise.
    """
    if config.normalisation is None:
        return teacher
    network = teacher.model_copy(update=dict(config.normalisation))
    if config.start_from == "teacher" and network != teacher:
        what = "student.start_from is teacher, but student.normalisation is not what its weights learnt with"
        raise UserError(None, what, "leave normalisation out, or start from an encoder")
    return network


def _with_numbers_of(student: DepthNetConfig, teacher: DepthNet) -> DepthNet:
    """The teacher, its input normalised as the student's."""
    other = DepthNet(student)
    other.load_state_dict(teacher.state_dict())
    return other


def open_prior(
    config: StudentConfig, prior: Path | None, teacher: DepthNetConfig
) -> DepthAnythingPrior | None:
    """The prior of L_r, its input as the settings say; None where L_r has no weight.

    Raises:
        UserError: if it is needed and not given, or cannot see images at the size that is set.
    """
    if config.ordinal_weight == 0:
        return None
    if prior is None:
        remedy = "give --prior a Depth Anything folder, or set ordinal_weight to 0"
        raise UserError(None, "L_r needs a prior", remedy)
    order = DepthAnythingPrior.from_pretrained(or_shipped(prior, PRIOR))
    if config.prior_normalisation != "own":
        of_student = config.prior_normalisation == "student"
        known = student_network(config, teacher) if of_student else teacher
        order.normalise_by(known.mean, known.std)
    if config.prior_size != "own":
        order.resize_to(*config.prior_size)
    return order


def student_files(config: StudentConfig, prior: Path | None) -> dict[str, str]:
    """What tells the files, beside the teacher's, that a student is made from; `UserError` if one misses."""
    files = {}
    if encoder := starting_encoder(config):
        files["encoder weights"] = hash_file(encoder)
    if prior and config.ordinal_weight > 0:
        files["prior"] = content_of(or_shipped(prior, PRIOR))
    return files


def clear_footage(config: StudentConfig, data: Path, translations: Path | None) -> list[Clip]:
    """The clear clips of ``data``; `UserError` if there are none, or translations are missing."""
    clips = clear_clips(open_data(data, choice=config))
    if not clips:
        raise UserError(data, "no clear footage", "the student learns from its teacher on clear frames")
    if config.degraded and translations is None:
        remedy = f"give --translations, the folder that acdepth translate made of {data}"
        raise UserError(None, f"the mix has {', '.join(config.degraded)}", remedy)
    return clips


def clear_fingerprint(clips: list[Clip], card: CheckpointCard) -> str:
    """Of clear footage as the network of ``card`` sees it."""
    return fingerprint(clips, card.input_size, card.crop, reach=0, resize=card.resize)


def translations_made_by(config: StudentConfig, translations: Path | None) -> dict[str, str]:
    """By condition the hash of the translations of the mix: their method, their sources and their pixels."""
    if translations is None or not config.degraded:
        return {}
    manifest = Manifest(translations)
    return {
        f"translations into {one}": hash_json(
            sorted(entry.file_hash for (condition, _), entry in manifest.entries.items() if condition == one)
        )
        for one in config.degraded
    }


def prepare_mix(
    config: StudentConfig, clips: list[Clip], translations: Path | None, card: CheckpointCard, out: Path
) -> tuple[Prepared, dict[Condition, Prepared]]:
    """Clear frames and, by condition, the translations of the mix, as the network of ``card`` sees images."""
    clear = prepare(clips, out / "clear", card.input_size, card.crop, reach=0, resize=card.resize)
    return clear, {
        condition: prepare_translations(clear, translations, condition, out / condition)
        for condition in config.degraded
        if translations is not None
    }


def _new_student(config: StudentConfig, teacher: Path, network: DepthNetConfig) -> DepthNet:
    if config.start_from == "teacher":
        return load_checkpoint(teacher)[0]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(config.loop.seed, "student"))
        student = DepthNet(network)
    if encoder := starting_encoder(config):
        load_encoder(student.encoder, encoder)
    return student


def starting_encoder(config: StudentConfig) -> Path | None:
    """The weights that the student's encoder starts from; None where they are the teacher's or random.

    Raises:
        UserError: if the settings want some and name none.
    """
    if config.start_from != "encoder":
        return None
    if config.encoder is None:
        what = "student.start_from is encoder, but student.encoder is not set"
        raise UserError(None, what, "name its weights")
    return encoder_file(config.encoder)

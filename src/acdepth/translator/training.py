"""The translator's training: clear and adverse footage in, adapters out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from acdepth.core.clip import clear_clips
from acdepth.core.condition import Condition
from acdepth.core.errors import UserError
from acdepth.core.files import hash_file
from acdepth.core.hub import model_content
from acdepth.core.identity import Identity
from acdepth.core.provenance import provenance
from acdepth.core.seeding import derive_seed
from acdepth.core.shipped import PRIOR, TRANSLATOR, or_shipped
from acdepth.data.folder import open_data
from acdepth.data.pools import UnpairedBatches, make_pools
from acdepth.data.prepared import fingerprint, prepare
from acdepth.diffusion.model import DiffusionModel, model_folder
from acdepth.diffusion.one_step import PROMPTS
from acdepth.engine import fit, run_folder
from acdepth.networks.checkpoint import load_encoder_of_any_width
from acdepth.networks.imagenet import encoder_file
from acdepth.prior.depth_anything import DepthAnythingPrior, content_of
from acdepth.translator.adapters import (
    TranslatorCard,
    adapters_hash,
    base_facts,
    base_hash,
    load_card,
    load_translator,
    save_translator,
)
from acdepth.translator.discriminator import Discriminator, PatchDiscriminator
from acdepth.translator.feature_discriminators import CLIP_FILES, ClipDiscriminator, EncoderDiscriminator
from acdepth.translator.generator import Generator, build_generator
from acdepth.translator.perception import Perception
from acdepth.translator.samples import SampleSheet
from acdepth.translator.settings import TranslatorConfig
from acdepth.translator.task import TranslatorTask

ADAPTERS = "adapters"
"""What the result is called in a run folder."""
PATCH, ENCODER = Path("patch"), Path("encoder")
"""What settings say where no CLIP is the discriminator."""


def train_translator(
    config: TranslatorConfig,
    data: Path,
    adverse: Sequence[Path],
    prior: Path,
    out: Path,
    start: Path | None = None,
    description: str = "",
) -> Path:
    """Train adapters on unpaired footage; returns their folder in the run folder ``out``.

    Args:
        config: settings.
        data: footage of which the clear frames are taken.
        adverse: footage of which the adverse frames are taken; ``data`` itself where none is named.
        prior: Depth Anything for perceptual distance and depth consistency: a folder, a name, ``shipped``.
        out: gets ``config.yaml``, ``prepared/``, ``checkpoints/``, ``samples/``, ``log.jsonl``, the adapters.
        start: adapters to train on from, or ``shipped``; of the size that ``config`` says. Conditions that
            they do not know yet are learned on top.
        description: for the card; says conditions and steps where nothing is given.
    """
    folder = model_folder(config.base)
    if start:
        start = or_shipped(start, TRANSLATOR)
        check_start(config, start)
    clear = clear_clips(open_data(data, choice=config))
    footage = [one for path in adverse or [data] for one in open_data(path, choice=config)]
    bad = [one for one in footage if one.condition in config.conditions]
    if not clear:
        raise UserError(data, "no clear footage to translate")
    size, crop, resize = config.image_size, config.crop, config.resize
    about = [fingerprint(clips, size, crop, reach=0, resize=resize) for clips in (clear, bad)]
    made_from = translator_identity(config, about[0], about[1], prior, start)
    with run_folder(out, made_from, config.loop) as share:
        with share.main_first():
            prepared = [
                prepare(clips, out / "prepared" / name, size, crop, reach=0, resize=resize)
                for name, clips in {"clear": clear, "adverse": bad}.items()
                if clips
            ]
            wanted = (Condition.CLEAR, *config.conditions)
            pools = make_pools(prepared, wanted, config.pool_size, config.sampling, config.loop.seed)
            config.write(out / "config.yaml")
        task = make_task(config, folder, prior, start)

        def batches(rank: int, processes: int) -> UnpairedBatches:
            loop = config.loop
            return UnpairedBatches(pools, loop.batch_size, loop.seed, rank, processes, config.patch)

        sheet = SampleSheet(task, pools, out / "samples")
        fit("translator", task, batches, config.loop, out, made_from, sheet.write, on_resume=sheet.write)
        made = {**provenance(), "config": config.to_dict(), "data": about}
        told = description or f"clear to {', '.join(config.conditions)}, {config.loop.steps} unpaired steps"
        if share.leads:
            with task.as_saved() as generator:
                card = _card(config, generator, made_from.values["base weights"], told, made, start)
                save_translator(out / ADAPTERS, generator, card)
    return out / ADAPTERS


def translator_identity(
    config: TranslatorConfig, clear: str | None, adverse: str | None, prior: Path, start: Path | None
) -> Identity:
    """What decides how a translator comes out; arguments as of `train_translator`.

    Of the footage it takes fingerprints, None where something else stands for it.
    """
    base = base_facts(model_folder(config.base))
    facts = {
        "base weights": base["base"],
        "base settings": base["base_settings"],
        "clear footage": clear,
        "adverse footage": adverse,
        "start": start and adapters_hash(or_shipped(start, TRANSLATOR)),
        "prior": content_of(or_shipped(prior, PRIOR)),
        "discriminator weights": discriminator_content(config),
    }
    return Identity.of(config).and_facts(facts)


def make_task(config: TranslatorConfig, base: Path, prior: Path, start: Path | None = None) -> TranslatorTask:
    """What is trained and all that it is trained by, loaded; ``base`` is the diffusion model's folder."""
    generator = _generator(config, base, start)
    perception = Perception(DepthAnythingPrior.from_pretrained(or_shipped(prior, PRIOR)))
    return TranslatorTask(config, generator, make_discriminator(config), perception)


def make_discriminator(config: TranslatorConfig) -> Discriminator:
    """A discriminator that has learned nothing yet; the seed decides its weights."""
    source = config.discriminator
    with torch.random.fork_rng(devices=[]):
        # torch draws a network's weights from the global generator; the fork keeps that to ourselves.
        torch.manual_seed(derive_seed(config.loop.seed, "translator", "judge"))  # as it was called once
        if source == PATCH:
            return PatchDiscriminator()
        if source == ENCODER:
            return EncoderDiscriminator(load_encoder_of_any_width(encoder_file(config.encoder)))
        return ClipDiscriminator.from_pretrained(source)


def discriminator_content(config: TranslatorConfig) -> str | None:
    """What tells the frozen network that the discriminator stands on from others; None if there is none."""
    if config.discriminator == PATCH:
        return None
    if config.discriminator == ENCODER:
        return hash_file(encoder_file(config.encoder))
    return model_content(config.discriminator, CLIP_FILES)


def check_start(config: TranslatorConfig, start: Path) -> None:
    """Refuse adapters that ``config`` cannot train on from; reads only their card."""
    size, wanted = load_card(start).lora, config.lora
    if size != wanted:
        found = f"has adapters of rank {size.unet_rank} and {size.vae_rank}"
        asked = f"the settings ask for {wanted.unet_rank} and {wanted.vae_rank}"
        raise UserError(start, f"{found}, {asked}", "set lora to the former, or start anew")


def save_untrained(config: TranslatorConfig, out: Path) -> None:
    """Write a translator that hands images through the pretrained model."""
    folder = model_folder(config.base)
    generator = _generator(config, folder, None)
    save_translator(out, generator, _card(config, generator, base_hash(folder), "untrained", {}))


def _card(
    config: TranslatorConfig,
    generator: Generator,
    model_hash: str,
    description: str,
    made_by: dict[str, Any],
    start: Path | None = None,
) -> TranslatorCard:
    known = load_card(start).prompts if start else {}
    return TranslatorCard(
        base=str(config.base),
        base_hash=model_hash,
        conditions=generator.conditions[1:],
        image_size=config.image_size,
        translate_size=config.translate_size,
        lora=config.lora,
        prompts={**PROMPTS, **known},
        description=description,
        made_by=made_by,
    )


def _generator(config: TranslatorConfig, base: Path, start: Path | None) -> Generator:
    model = DiffusionModel.from_pretrained(base)
    if start:
        check_start(config, start)
        generator = load_translator(start, model, base_hash(base), trainable=True, also=config.conditions)
    else:
        conditions = (Condition.CLEAR, *config.conditions)
        generator = build_generator(model, config.lora, conditions, config.loop.seed, config.skip_start)
    if config.adapt_whole:
        generator.adapt_whole(config.lora, config.loop.seed)
    if config.frugal:
        generator.spare_memory()
    return generator

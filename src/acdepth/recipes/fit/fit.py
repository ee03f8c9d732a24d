"""One command for a person with footage and no LiDAR: every stage done once, and resumed where it was."""

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from acdepth.core.files import check_folder, read_json, write_json
from acdepth.core.identity import Identity
from acdepth.core.lock import sole_writer
from acdepth.core.progress import say
from acdepth.core.provenance import provenance
from acdepth.data.prepared import fingerprint
from acdepth.networks.checkpoint import MODEL_FILE, load_checkpoint
from acdepth.pipeline.folder import claim
from acdepth.pipeline.outputs import file_output
from acdepth.pipeline.stages import Pipeline, Stage
from acdepth.recipes.checks import check_networks
from acdepth.recipes.fit.masks import FOUND_FILE, find_masks
from acdepth.recipes.fit.plan import PLAN_FILE, Plan, choose, measure, store, stored
from acdepth.recipes.fit.ready import open_other, refuse_places, refuse_unfit
from acdepth.recipes.fit.settings import FitConfig
from acdepth.recipes.fit.stages import OUTCOME_FILE, Degenerate, FitStages
from acdepth.recipes.learning import clear_footage
from acdepth.reports.fit import STORY_FILE, FitStory, MaskTold

PAGES = ("report.html", STORY_FILE, "config.yaml")
"""Files of a run folder that tell about its outcome."""


class Fit:
    """A fit to ``footage`` in the folder ``out``.

    Args:
        config: settings.
        footage: anything of one's own that `open_data` opens; nothing is written there.
        out: gets everything.
        teacher: checkpoint, run folder or ``hf:NAME`` by whose depth the student learns, so that none is
            trained; or None.

    Raises:
        UserError: if something is missing or unreadable that the run will need; nothing is written before.
    """

    def __init__(self, config: FitConfig, footage: Path, out: Path, teacher: Path | None = None) -> None:
        self.started = time.monotonic()  # reading long footage is a part of the minutes
        check_folder(out, "--out")
        self.footage, self.out, self.given = footage, out, teacher
        self.masks = out / "masks"
        refuse_places(footage, out)
        config = config.taught_by(teacher) if teacher else config
        other = open_other(teacher, config)
        check_networks(config)
        self.clear = clear_footage(config, footage)  # which takes long where there is much
        self.config = config.seeing(self.clear).with_choice(masks=self.masks)
        refuse_unfit(config, footage, self.clear, teacher, other)
        self.start_size = None if teacher else self.config.start_size()

    def plan(self, minutes: float | None, masked: bool = False) -> Plan:
        """What is done in so many minutes since footage was opened, timed here; writes nothing.

        Where it is ``masked``, that takes no more time.
        """
        costs = replace(measure(self.config, self.clear, self.given), masked=masked)
        seconds = None if minutes is None else 60 * minutes - (time.monotonic() - self.started)
        return choose(self.config, costs, self.clear, seconds)

    def run(self, minutes: float | None = None) -> FitStory:
        """Do what is not done yet; returns what came of it, which ``fit.json`` holds too."""
        last = 7 if self.given is None else 5
        if self.start_size:
            told = "learnt at {}x{}: at {}x{} it says worse depth"
            sizes = *self.start_size, *self.config.teacher.image_size
            say(f"the network that training starts from {told.format(*sizes)}")
        with sole_writer(self.out):
            claim(self.out, "own footage", self.footage)
            seconds = Pipeline([self._mask()], self.out, self._pages, last=last).run()
            plan = self._plan_once(minutes)
            plan.refuse_full_disk(self.out)
            config = self.config.doing(plan.work)
            stages = FitStages(config, self.footage, self.out, self.given)
            pipeline = Pipeline(stages.stages(), self.out, self._pages, first=2, last=last)
            pipeline.put_stale_aside()  # before, so that the settings never stand beside results of others
            config.write(self.out / "config.yaml")
            try:
                pipeline.run(plan.seconds)
            except Degenerate:
                (self.out / OUTCOME_FILE).unlink(missing_ok=True)
            seconds |= pipeline.took()
            story = self._story(stages, plan, minutes, seconds)
            write_json(self.out / STORY_FILE, story.to_dict(), sort=False)
        return story

    @property
    def _pages(self) -> list[Path]:
        return [self.out / page for page in PAGES]

    def _plan_once(self, minutes: float | None) -> Plan:
        """The plan of an earlier call like this one, so that it goes on as it began; else a new one."""
        facts = {"minutes": minutes, "teacher": self.given and str(self.given)}
        made_from = Identity.of(self.config).and_facts({**facts, "footage": self._fingerprint()})
        plan = stored(self.out / PLAN_FILE, made_from)
        if plan is None:
            say("timing a little of each stage on this machine")
            plan = self.plan(minutes, masked=True)
            store(self.out / PLAN_FILE, made_from, plan)
        say(plan.describe(minutes))
        return plan

    def _fingerprint(self) -> str:
        """Of the clear footage, without the masks that are found."""
        teacher = self.config.teacher
        return fingerprint(self.clear, teacher.image_size, teacher.crop, resize=teacher.resize)

    def _mask(self) -> Stage:
        found = self.masks / FOUND_FILE
        find = partial(find_masks, self.clear, self.masks)
        # Not the masks: one that was repainted is not made again, but makes stale what was learnt before.
        return Stage(
            "mask",
            Identity().and_facts({"footage": self._fingerprint()}),
            find,
            (file_output(found),),
            (found,),
        )

    def _story(
        self, stages: FitStages, plan: Plan, minutes: float | None, seconds: Mapping[str, float]
    ) -> FitStory:
        outcome = stages.outcome()
        card = load_checkpoint(self.out / MODEL_FILE)[1] if outcome.kept else None
        return FitStory(
            footage=str(self.footage),
            kept=outcome.kept,
            checks=outcome.checks,
            metres=card.metres.describe() if card and card.metres else None,
            metric=bool(card and card.metric),
            conditions=self.config.translated,
            work=plan.work.describe(),
            part=plan.work.part,
            given_up=tuple(plan.given_up()),
            start_size=self.start_size,
            minutes=minutes,
            expected=plan.seconds,
            seconds=dict(seconds),
            masks=tuple(MaskTold.from_dict(one, FOUND_FILE) for one in read_json(self.masks / FOUND_FILE)),
            shown=outcome.shown,
            teacher=None if self.given is None else str(self.given),
            config=stages.config.to_dict(),
            made_by=provenance(),
        )

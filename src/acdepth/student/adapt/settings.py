"""What an adaptation may be told. The paper has none: it never sees a real adverse frame in training."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.data.settings import AugmentSettings, FootageChoice
from acdepth.engine.settings import LoopSettings
from acdepth.student.settings import DistillationError, OrdinalOptions, StudentConfig

Brightness = Annotated[float, Field(ge=0, le=1)]


class PhotometricOptions(Config):
    """Where and how adverse frames are compared with what their neighbours saw."""

    well_lit: tuple[Brightness, Brightness] = (0.15, 0.9)
    """Luminance (ITU-R BT.709, of the image's values in 0..1) within which a pixel counts: below there is
    little but noise, above there is nothing but the sensor's limit. Of the built-in world's night about half
    of the pixels are inside, of its rain all."""
    motion_length: Literal["predicted", "measured"] = "measured"
    """As the teacher's: whose length motion has when views are synthesised. ``measured``, where the footage
    tells it, lets no error of the pose network at night become an error in metres."""
    velocity_weight: float = Field(default=0.02, ge=0)
    """Of L_v on adverse frames, which holds the pose network to known lengths of motion. ACDepth's teacher:
    0.02."""
    pose_rate: float = Field(default=1.0, gt=0)
    """Factor on the learning rate of the pose network."""

    @model_validator(mode="after")
    def _a_range_has_two_ends(self) -> Self:
        darkest, brightest = self.well_lit
        if darkest >= brightest:
            raise ValueError(f"well_lit: {darkest:g} must be below {brightest:g}")
        return self


class ViewSettings(Config):
    """How much the two views differ. No change moves a pixel, so that depth maps fit each other."""

    weak: AugmentSettings = AugmentSettings(jitter=0.05, hue=0.0, noise_probability=0.0)
    """What the slow teacher sees; a little, so that its mistakes are not the same in every pass."""
    strong: AugmentSettings = AugmentSettings(
        jitter=0.4, hue=0.1, noise_probability=0.8, noise_range=(0.01, 0.08), coarse_probability=0.25
    )
    """What the student sees, twice as strong as what ACDepth does to clear and translated images."""
    patches: int = Field(default=4, ge=0)
    """Squares of the student's view that are covered, so that it must tell depth from what is around."""
    covered: float = Field(default=0.1, ge=0, lt=1)
    """Part of the image that the squares cover together, where they do not overlap."""


class ValidationSettings(Config):
    """By what a state is scored without labels, and when the run ends."""

    held_out: float = Field(default=0.2, gt=0, lt=1)
    """Part of the adverse clips that is not learnt from, but scores what is learnt."""
    frames: int = Field(default=64, gt=0)
    """Held-out frames at most of each condition."""
    margin: float = Field(default=0.15, ge=0)
    """The prior's inverse depths must differ by this part to order a pair, as in `OrdinalOptions.margin`."""
    patience: int = Field(default=3, gt=0)
    """The run ends after this many saved states in a row without better agreement."""
    most_forgotten: float = Field(default=0.05, ge=0)
    """A state counts as no better if it is farther from the frozen teacher on clear frames than the student
    was at first, by more than this part."""


class AdaptConfig(FootageChoice):
    """Settings of the adaptation. The paper has none: it never sees a real adverse frame in training."""

    condition: Condition | None = None
    """Of all the adverse footage, whatever its ``sequence.yaml`` says; null believes what it says. For bare
    folders of pictures, which say nothing."""
    mix: dict[Condition, float] = Field(
        default={Condition.CLEAR: 2.0, Condition.NIGHT: 1.0, Condition.RAIN: 1.0}
    )
    """Parts of the conditions in the anchor: clear frames and their translations."""
    distillation_error: DistillationError = "relative"
    """Of the anchor's L_d, as of the student."""
    ordinal_weight: float = Field(default=0.0, ge=0)
    """Of the anchor's L_r, on the clear frames."""
    ordinal: OrdinalOptions = OrdinalOptions(rank_on="log_depth")
    """How the anchor's L_r samples and compares."""
    consistency_weight: float = Field(default=0.02, ge=0)
    """Of the anchor's L_c, from the first step on. ACDepth's student: 0.02."""
    augmentation: AugmentSettings = AugmentSettings()
    """Of the anchor's input, as of the student's."""
    min_speed: float | None = 0.5
    """Clear frames slower than this [m/s] are left out, as for the student; null keeps all. Adverse frames
    need no speed, and all count, but to L_p those that are known to be slower mean nothing."""
    adverse_batch_size: int = Field(default=8, gt=0)
    """Adverse frames per step, beside ``loop.batch_size`` clear or translated ones."""
    views: ViewSettings = ViewSettings()
    """What slow teacher and student see of an adverse frame."""
    restyled: float = Field(default=0.0, ge=0, le=1)
    """Part of the anchor's translations that get the tones of an adverse frame of their condition, where the
    adverse footage has that condition. 0: no gain has been shown (docs/adaptation.md)."""
    momentum: float = Field(default=0.99, ge=0, lt=1)
    """Of the slow teacher per step: it is about the mean student of the last 1 / (1 - momentum) steps."""
    guidance_weight: float = Field(default=1.0, ge=0)
    """Of the student's distance to the slow teacher on adverse frames, in log depth."""
    most_disagreement: float = Field(default=0.2, gt=0)
    """Pixels where the slow teacher says of the mirrored frame a log depth farther away than this teach
    nothing; 0.2 is about a fifth of the depth."""
    adverse_ordinal_weight: float = Field(default=0.1, ge=0)
    """Of the ranking by the prior on adverse frames, of pairs that the slow teacher orders alike."""
    adverse_ordinal: OrdinalOptions = OrdinalOptions(rank_on="log_depth", steepness=10.0, least_prior=0.02)
    """How that ranking samples and compares. Steep, because most agreed pairs are in order already and must
    not be spread further."""
    photometric_weight: float = Field(default=0.0, ge=0)
    """Of L_p on adverse frames that have neighbours and a camera: the student's depth synthesises them from
    their neighbours, and where they are well lit it learns from what does not fit. Needs the run folder of
    the teacher, whose pose network learns along. ACDepth's teacher: 1. 10 helped a little
    (docs/adaptation.md)."""
    photometric: PhotometricOptions = PhotometricOptions()
    """Which pixels of those frames count, and what holds their metres; without weight none do."""
    validation: ValidationSettings = ValidationSettings()
    """By what a state is scored, and when the run ends."""
    loop: LoopSettings = LoopSettings(steps=2000, batch_size=8, learning_rate=1e-4, decay="cosine")
    """The training loop. ``checkpoint_every`` is also how often the state is scored."""

    @property
    def anchor(self) -> StudentConfig:
        """The settings of the student's own losses, which hold on to what it knows."""
        shared = StudentConfig.model_fields.keys() & type(self).model_fields.keys()
        return StudentConfig(**{name: getattr(self, name) for name in shared}, consistency_start=0.0)

"""What the student's training may be told; the defaults are ACDepth's on nuScenes."""

from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from acdepth.core.condition import Condition
from acdepth.core.config import Config
from acdepth.data.settings import AugmentSettings, FootageChoice, ZoomSettings
from acdepth.engine.settings import LoopSettings
from acdepth.networks.settings import DepthNetConfig, Normalisation, Side

EPOCHS = 25
"""Of the paper's student."""

DistillationError = Literal["relative", "log"]


class OrdinalOptions(Config):
    """Settings of the ordinal guidance; the defaults are the paper's."""

    pairs: Literal["both", "local", "global"] = "both"
    """Which pairs are compared. ACDepth: both; its ablation has each alone."""
    sampling: Literal["uniform", "published"] = "uniform"
    """``uniform`` draws each pair from the whole image, as the paper says. ``published``, as published code:
    the k-th points of two random masks, read row by row, are a global pair, so that the two lie a few rows
    apart, and all images of a batch have the same; partners of local pairs come from a random 0.05 of what
    was not sampled, which may be uncertain as well."""
    local_part: float = Field(default=0.05, ge=0, le=1)
    """Part of the uncertain pixels that are sampled. ACDepth: 0.05 on nuScenes, 0.01 on RobotCar."""
    global_part: float = Field(default=0.01, ge=0, le=1)
    """Part of all pixels that are sampled as first of a global pair. ACDepth: 0.01."""
    uncertain_quantile: float = Field(default=0.95, gt=0, lt=1)
    """Pixels at or above this quantile of an image's discrepancy are uncertain. ACDepth: 0.95."""
    margin: float = Field(default=0.15, ge=0)
    """tau: the prior's inverse depths must differ by this part to order a pair. ACDepth: 0.15."""
    window: int = Field(default=5, ge=1)
    """Side [px] of the window whose mean stands for a sampled depth; 1 is the pixel. ACDepth: 5. Beyond the
    border depth is 0 m, as in the published code; all else is averaged over the pixels inside."""
    window_on: Literal["prediction", "prior", "both"] = "prediction"
    """What the window averages: what is ranked, the prior that orders it, or both. ACDepth: the first."""
    rank_on: Literal["depth", "log_depth", "inverse_depth"] = "depth"
    """What the ranking loss compares. ACDepth: depth. On log depth near and far pairs weigh the same."""
    steepness: float = Field(default=1.0, gt=0)
    """Factor on what is compared; the loss is divided by it again. The pull on a pair in the wrong order
    stays, and pairs right by more than about 1 / steepness are left alone. ACDepth: 1, on metres; log depth
    needs about 10, or the loss keeps spreading pairs that are in order."""
    least_prior: float = Field(default=0.0, ge=0, lt=1)
    """Pairs with a pixel whose prior is below this part of the image's largest are left out. A teacher
    knows no depth of the sky, which the prior puts at 0: to push it away pulls the houses before it near.
    ACDepth: 0, all pairs."""
    uncertainty_on: Literal["depth", "inverse_depth"] = "depth"
    """``depth``: |z_S - z_T| / (z_S + z_T), as published code; ``inverse_depth``: the same on inverse depth
    brought to 0..1 per image, as the paper writes."""
    pooled: bool = False
    """Whether local and global pairs share one mean, as published code; the paper adds two means."""

    @model_validator(mode="after")
    def _a_window_has_a_middle(self) -> Self:
        if self.window % 2 == 0:
            raise ValueError(f"window {self.window}: its side must be odd, so that it has a middle")
        return self

    def published(self) -> Self:
        """The same with every departure of the published code that is an option here."""
        return self.model_copy(update={"pooled": True, "sampling": "published"})


class ShapeOptions(Config):
    """What a student is whose teacher is a model of transformers; a teacher of ours brings this itself."""

    network: DepthNetConfig = DepthNetConfig()
    """The depth network. What the teacher says beyond ``min_depth`` and ``max_depth`` is brought to these."""
    image_size: tuple[Side, Side] = (320, 576)
    """(height, width) of the network's input [px], multiples of 32 from 64. ACDepth, nuScenes: 320 x 576."""


class StudentConfig(FootageChoice):
    """Settings of the student; the defaults are ACDepth's on nuScenes."""

    incidental: ClassVar[frozenset[str]] = FootageChoice.incidental | {"cache"}

    mix: dict[Condition, float] = Field(
        default={Condition.CLEAR: 1.0, Condition.NIGHT: 1.0, Condition.RAIN: 1.0}
    )
    """Parts of the conditions in what the student sees. ACDepth: a third each; RobotCar: half clear, half
    night. With clear alone the student is a control that never saw bad weather."""
    start_from: Literal["teacher", "encoder", "scratch"] = "encoder"
    """Weights the student starts from: the teacher's (a departure, for short runs), an encoder as the teacher
    had one (ACDepth: ImageNet), or random ones."""
    encoder: Path | None = None
    """The encoder to start from, where ``start_from`` says so: ``shipped``, a file, or a name of the hub."""
    shape: ShapeOptions = ShapeOptions()
    """Network and input size under a teacher ``hf:NAME``; under one of ours they are the teacher's."""
    normalisation: Normalisation | None = None
    """Of the student's input; null is the teacher's. On RobotCar the published teacher is normalised by
    nuScenes' numbers, and the student by RobotCar's."""
    distillation_error: DistillationError = "relative"
    """What L_d counts: ``relative`` error of depth (ACDepth), or ``log``, which does not pull uncertain depth
    towards the camera."""
    ordinal_weight: float = Field(default=0.01, ge=0)
    """lambda_1, of L_r. ACDepth: 0.01; 0 leaves it out and needs no prior."""
    ordinal: OrdinalOptions = OrdinalOptions()
    """How L_r samples and compares."""
    conflict: Literal["none", "pcgrad", "dynamic"] = "none"
    """What is done about L_d and L_r pulling apart, beside ``ordinal.window``. ``none`` adds them, as the
    paper does; ``pcgrad`` takes out of each gradient what works against the other, on the parameters that
    both depend on (Yu et al., NeurIPS 2020); ``dynamic`` learns a factor on each of the two (Kendall et al.,
    CVPR 2018), which starts at 1. L_c is added in all three."""
    dynamic_rate: float = Field(default=1.0, gt=0)
    """Factor on the learning rate of the ``dynamic`` factors, which change by about exp(learning rate) a step
    at most: in 450 steps at 5e-4 by a quarter, so that short runs need 10 or 20."""
    consistency_weight: float = Field(default=0.02, ge=0)
    """lambda_2, of L_c. ACDepth: 0.02."""
    consistency_start: float = Field(default=0.6, ge=0, le=1)
    """Part of the run after which L_c begins. ACDepth: after 15 of 25 epochs on nuScenes (0.6), 5 on
    RobotCar (0.2). The published code counts epochs from 0 and begins one later: 0.64 (0.24)."""
    batch_norm: Literal["train", "eval"] = "train"
    """``eval`` leaves the student's batch normalisation at the statistics that it starts with: those of a few
    hundred images of one drive fit no other. ACDepth: train."""
    consistency_batch_norm: Literal["keep", "update"] = "keep"
    """Whether L_c's look at the clear image leaves the student's running statistics as they are, or updates
    them as well, as in the published code."""
    augmentation: AugmentSettings = AugmentSettings()
    """Colour jitter and noise on the student's input, and only there."""
    zoom: ZoomSettings = ZoomSettings()
    """Images also seen through other lenses, for cameras unlike the training one. ACDepth: none."""
    prior_normalisation: Literal["own", "teacher", "student"] = "own"
    """Mean and deviation of the prior's input: its ``own`` (Depth Anything: ImageNet's), or those of the
    teacher's or the ``student``'s clear images; the published code: the student's."""
    prior_size: Literal["own"] | tuple[PositiveInt, PositiveInt] = "own"
    """What the prior's input is resized to: what its ``own`` preprocessing says (Depth Anything: 518 pixels,
    bicubic, which makes 294x518 of 320x576), or (height, width) [px], bilinear, in multiples of its patch.
    The published code: (322, 574) on nuScenes and RobotCar."""
    teacher_batch_norm: Literal["eval", "train"] = "eval"
    """``train`` lets the frozen teacher use and update batch statistics, as the published code does."""
    teacher_normalisation: Literal["own", "student"] = "own"
    """Mean and deviation of the teacher's input: those it learnt with, or the ``student``'s, as the published
    code, which builds both from the student's settings; they differ on RobotCar."""
    mirrored: Literal["samples", "batches"] = "samples"
    """What one draw mirrors, with probability 0.5: a sample, or a whole batch, as in the published code."""
    min_speed: float | None = 0.5
    """Frames slower than this [m/s] are left out; null keeps all. ACDepth: 0.5; its published code on
    RobotCar: null, as md4all's filter list has left standing frames out."""
    scene_ends: bool = True
    """Whether the first and last frame of a drive are learnt from, such as the end key frames of a nuScenes
    scene. They have no image before or after them, so that the published filter of slow frames drops them."""
    cache: Literal["auto", "all", "none"] = "auto"
    """Whether teacher and prior are asked about each clear frame, and the mirrored one, once before the
    training, into files of half precision beside the prepared images (1.7 GB per 1,000 frames at 320 x 576).
    ``auto`` does so for what says the same at every look, where there are more looks than that; ``all``
    refuses where one does not; ``none`` asks in every step, as the published code."""
    loop: LoopSettings = LoopSettings(steps=47_000, gradient_clip=None)
    """The training loop. ACDepth: 25 epochs of two passes over 15,129 frames, batch 16, 5e-4."""

    @model_validator(mode="after")
    def _a_conflict_has_two_sides(self) -> Self:
        if self.conflict != "none" and self.ordinal_weight == 0:
            raise ValueError(f"conflict {self.conflict} is between L_d and L_r, but ordinal_weight is 0")
        return self

    @property
    def degraded(self) -> tuple[Condition, ...]:
        """Conditions of the mix that need translations."""
        return tuple(one for one, part in self.mix.items() if part > 0 and one != Condition.CLEAR)

    def published(self) -> Self:
        """The same run with every departure of the published code on nuScenes that is an option here."""
        return self.model_copy(
            update={
                "ordinal": self.ordinal.published(),
                "consistency_start": min(1.0, round(self.consistency_start + 1 / EPOCHS, 6)),
                "consistency_batch_norm": "update",
                "augmentation": self.augmentation.model_copy(
                    update={"noise": "published", "noise_first": True}
                ),
                "prior_normalisation": "student",
                "prior_size": (322, 574),
                "teacher_batch_norm": "train",
                "teacher_normalisation": "student",
                "mirrored": "batches",
                "scene_ends": False,
                "loop": self.loop.model_copy(update={"precision": "fp32", "gradient_clip": None}),
            }
        )

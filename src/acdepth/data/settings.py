"""Settings of which footage is used, and of what is done to its images on their way into a batch."""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from acdepth.core.config import Config

Sampling = Literal["random", "luminance"]
IntrinsicsRule = Literal["exact", "published"]
Step = Annotated[int, Field(ge=1)] | Literal["auto"]


class FootageChoice(Config):
    """Which part of the footage under a path is used; data sets without splits are used whole."""

    split: str | None = None
    """Part of the data set. nuScenes: train, val, test, mini_train or mini_val. RobotCar: a split that has
    lists in splits/, or the path of one; KITTI: the same of one list. Cityscapes: train, val, test,
    train_extra or demoVideo, or such as train-sequence or train-foggy-0.02; ACDC: train, val or test. null
    takes every frame."""
    cameras: tuple[str, ...] = ("CAM_FRONT",)
    """nuScenes: channels, each a camera of its own. ACDepth: the front camera. RobotCar: a lens, stereo/left
    or stereo/centre; md4all and ACDepth: stereo/left, which is taken where none is named."""
    step: Step = 1
    """Own footage, not data sets: every so many-th image is used. auto: of each drive the first step at which
    the image moves by at least 0.5 % of its width; and frames between which it moves by less than 0.1 % are
    no targets where no speeds are known. ACDepth: the rates of the data sets."""
    most_frames: int | None = Field(default=None, ge=1)
    """Own footage: at most so many images are learnt from, evenly spread over it; null takes all. Those
    beside them are seen as neighbours all the same."""
    masks: Path | None = None
    """Own footage: a folder of masks as acdepth data mask --out writes it, for drives that have none beside
    their images; null looks beside these alone."""
    fov: float | None = None
    """Own footage whose camera nobody calibrated: how many degrees it sees across. Pictures without a camera
    file then count as a drive. A guess: metres are off as far as it is."""
    camera_height: float | None = None
    """Own footage beside which none is told: the lens above the road [m], from which metres come where there
    are no speeds."""
    incidental: ClassVar[frozenset[str]] = frozenset({"masks"})


EVERYTHING = FootageChoice()


class AugmentSettings(Config):
    """Strength of the changes; the defaults are ACDepth's."""

    jitter: float = Field(default=0.2, ge=0, lt=1)
    """Brightness, contrast and saturation are each multiplied by 1 - jitter to 1 + jitter. ACDepth: 0.2."""
    hue: float = Field(default=0.05, ge=0, le=0.5)
    """Hue is turned by up to this part of the colour circle. ACDepth: 0.05."""
    noise_probability: float = Field(default=0.5, ge=0, le=1)
    """Part of the images that get Gaussian noise. ACDepth: 0.5; published code: none on RobotCar."""
    noise_range: tuple[float, float] = (0.005, 0.05)
    """Least and largest standard deviation of the noise, in units of the 0..1 range. ACDepth: 0.005-0.05."""
    coarse_probability: float = Field(default=0.0, ge=0, le=1)
    """Part of the images that are halved and enlarged again, for a student that will also be given smaller
    images than its teacher had. ACDepth: 0."""
    noise: Literal["per image", "published"] = "per image"
    """``per image`` draws one standard deviation per image, as the paper says; ``published`` adds
    0.005 + 0.045 * randn to every value, as the published code does."""
    noise_first: bool = False
    """Whether noise is added before the colours are changed, as the published code does on nuScenes, and not
    after all else, as it does on RobotCar."""


class ZoomSettings(Config):
    """How many images are seen through another lens, and through which; by default none, as in ACDepth."""

    probability: float = Field(default=0.0, ge=0, le=1)
    """Part of the images that are zoomed. ACDepth: 0."""
    focal_range: tuple[float, float] = (0.7, 1.5)
    """Least and largest focal length over the camera's own, drawn evenly in its logarithm. Below 1 the image
    shrinks and is continued by its mirror image, which nothing is learnt from."""
    wander: float = Field(default=0.5, ge=0, le=1)
    """How far the window leaves the middle, as a part of the room it has: 0 keeps it there, 1 lets it touch
    the edges. Up and down that is much like a camera that nods."""

    @model_validator(mode="after")
    def _a_range_goes_up(self) -> "ZoomSettings":
        low, high = self.focal_range
        if not 0.25 <= low <= high <= 4:
            told = "give two factors from 0.25 to 4, the least first"
            raise ValueError(f"focal_range {low:g} to {high:g}: {told}")
        return self


class StreetSettings(Config):
    """What is drawn of streets with true depth, and of photographs beside them."""

    adverse: float = Field(default=0.2, ge=0, le=1)
    """Part of the streets that are drawn from those in night, rain, fog and snow."""
    zoomed: float = Field(default=0.7, ge=0, le=1)
    """Part of which a window is seen, as through a longer lens that looks elsewhere."""
    most_zoom: float = Field(default=1.6, ge=1)
    """Longest of these lenses over the camera's own."""
    horizon_spread: float = Field(default=0.08, ge=0)
    """Deviation of the horizon from such a window's middle, in parts of its height."""
    shrunk: int = Field(default=1, ge=1)
    """By which streets are smaller than their files: at half the size a network sees several times as many in
    the same time. Those whose sides are then no multiples of 32 are left out."""
    repaved: float = Field(default=0.4, ge=0, le=1)
    """Part of the clear ones that get other asphalt, and every second of these other lines."""
    beside: float = Field(default=0.6, ge=0, le=1)
    """Part of the clear ones that get hedges, woods and walls beside the road, which the world lacks."""
    new_sky: float = Field(default=0.6, ge=0, le=1)
    """Part of the clear ones whose sky, with the hills painted on it, is drawn anew."""
    photographs: int = Field(default=2, ge=0)
    """Photographs without depth in each batch, beside the streets."""

"""What the teacher's training may be told; the defaults are ACDepth's on nuScenes."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field

from acdepth.core.crop import Crop, Resize
from acdepth.data.settings import FootageChoice, IntrinsicsRule
from acdepth.engine.settings import LoopSettings
from acdepth.networks.settings import DepthNetConfig, Side


class TeacherConfig(FootageChoice):
    """Settings of the teacher; the defaults are ACDepth's on nuScenes."""

    network: DepthNetConfig = DepthNetConfig()
    """The depth network; the pose network has its width and normalisation. With ``start``, of the pose
    network alone: the depth network is then what its own card says."""
    image_size: tuple[Side, Side] = (320, 576)
    """(height, width) of the network's input [px], multiples of 32 from 64. ACDepth, nuScenes: 320 x 576."""
    keep_aspect: bool = False
    """Whether footage whose aspect is not that of ``image_size``, by more than 5 %, is seen in its own, at
    the size that is nearest to it, as ``predict`` does; else it is stretched, as in the paper."""
    crop: Crop | None = None
    """Window of the original images; null for all of it. ACDepth, RobotCar: the top 1280x768."""
    resize: Resize = "area"
    """How images come to ``image_size``, in training and ever after, the student's too: ``area`` averages,
    ``lanczos`` is Pillow's. ACDepth, monodepth2: lanczos."""
    encoder: Path | None = None
    """Weights that those encoders start from which ``start`` does not bring: ``shipped``, a file of ours or
    of ImageNet's ResNet18, or a name of the hub; null starts from random ones. ACDepth: ImageNet,
    ``timm/resnet18.tv_in1k``."""
    start: Path | None = None
    """Depth network that this one goes on from: ``shipped``, the network that ships, a checkpoint, or a run
    folder, of which a teacher's brings its pose network too. Its metres follow the focal length to the
    footage's camera, and then the speeds or the camera's height where these are known. ACDepth: none."""
    pose_first: int = Field(default=0, ge=0)
    """Steps before those of ``loop`` in which the pose network alone learns, against the depth of ``start``:
    an untrained one would first bend good depth until it fits its motion. ACDepth: none."""
    pull: float = Field(default=0.0, ge=0)
    """Weight of the mean |log depth - log depth of ``start``|, which holds what the image says nothing of,
    such as sky and bare asphalt, where it was. ACDepth: none."""
    level: float = Field(default=0.0, ge=0)
    """Weight of the mean |log depth - log depth of the level road|, which lies along the way that the vehicle
    drives, as optical flow tells it (`teacher.road`). ACDepth: none."""
    depth_batch_norm: Literal["train", "eval"] = "train"
    """``eval`` leaves the batch normalisation of the depth network at the statistics that it starts with:
    those of small batches of one road are worse. ACDepth: train."""
    held_out: float = Field(default=0.0, ge=0, lt=1)
    """Part of the frames that is not learnt from, but tells at the end whether the trained network explains
    how the image changes better than ``start`` did (``gain.json``). ACDepth: none."""
    initial_depth: float | None = Field(default=None, gt=0)
    """Depth [m] that the untrained network says; null leaves that to chance, as the paper does. Short runs
    need it: the textbook start says about 0.2 m everywhere, from where most gradients lead nowhere."""
    initial_forward: float | Literal["measured"] = 0.0
    """Forward motion [m per frame] that the untrained pose network says; ``measured`` is that by which the
    depth of ``start`` explains the images best, or without it the median of what the footage tells, and 0.8
    where it tells nothing. ACDepth: 0."""
    pose_scale: tuple[float, float] = (0.01, 0.01)
    """Metres and radians per unit of the pose network's numbers. monodepth2: 0.01; short runs need more, or
    every drive keeps the same predicted speed."""
    motion_length: Literal["predicted", "measured"] = "predicted"
    """Whose length the motion between frames has when views are synthesised. ``predicted``, as in the paper,
    leaves metres to L_v alone; ``measured`` takes them from the speeds where these are known, so that depth
    is metric from the first step, and the pose network says direction and rotation."""
    lengths_by_height: bool = False
    """Whether lengths of motion that nothing tells are those that the earlier teacher of ``start`` says,
    brought to metres drive by drive by the camera's height: the second round on footage without speeds."""
    automask: bool = True
    """Whether unwarped neighbours take part in the minimum of L_p. ACDepth: yes."""
    jitter_inputs: Literal["none", "depth", "both"] = "none"
    """Whether the depth network, or it and the pose network, see clips whose colours are jittered as the
    student's input is (brightness, contrast, saturation times 0.8-1.2, hue +-0.05), a clip's frames alike;
    the losses see clean images. The paper says nothing of it; published code: ``both`` on nuScenes,
    ``depth`` on RobotCar."""
    mirrored: Literal["clips", "depth"] = "clips"
    """What is mirrored with probability 0.5: ``clips``, each with its intrinsics, or the ``depth`` network's
    input of a whole batch, whose depth is mirrored back, so that the pose network sees no mirrored image, as
    in the published code."""
    intrinsics: IntrinsicsRule = "exact"
    """How the intrinsics that views are synthesised with follow crop and resizing: ``exact``, or as in the
    ``published`` code by the ratio to the size of the whole image, which makes fy and cy of RobotCar's
    cropped images too small by 768/960. The checkpoint's card has the exact ones always."""
    smoothness_weight: float = Field(default=1e-3, ge=0)
    """Of L_e. ACDepth: 1e-3."""
    velocity_weight: float = Field(default=0.02, ge=0)
    """Of L_v, which makes depth metric. ACDepth: 0.02."""
    min_speed: float | None = 0.5
    """Frames slower than this [m/s] are left out; null keeps all. ACDepth: 0.5; its published code on
    RobotCar: null, as md4all's filter list has left standing frames out."""
    neighbours_apart: bool = False
    """Whether the pose network sees the targets with their previous frames and with their next ones in two
    passes, each normalised by batch statistics of its own, as in monodepth2 and the published code; else in
    one pass."""
    depth_rate: float = Field(default=1.0, gt=0)
    """Factor on the learning rate of the depth network; a good start wants less than an untrained pose
    network. ACDepth: 1."""
    pose_rate: float = Field(default=1.0, gt=0)
    """Factor on the learning rate of the pose network. md4all: 1; published ACDepth: 0.4, 2e-4 of 5e-4."""
    loop: LoopSettings = LoopSettings(steps=47_000, learning_rate=2e-4)
    """The training loop. md4all's teacher, which ACDepth uses: 20 epochs of two passes, 2e-4."""

    @property
    def learns_lengths(self) -> bool:
        """Whether known lengths of motion decide the metres."""
        return self.velocity_weight > 0 or self.motion_length == "measured"

    def published(self) -> Self:
        """The same run with what the published code does on nuScenes where it departs from the paper."""
        return self.model_copy(
            update={
                "resize": "lanczos",
                "jitter_inputs": "both",
                "mirrored": "depth",
                "intrinsics": "published",
                "neighbours_apart": True,
                "pose_rate": 0.4,
                "loop": self.loop.model_copy(update={"precision": "fp32", "gradient_clip": None}),
            }
        )

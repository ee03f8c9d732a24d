"""``acdepth predict``: depth of images, folders and videos."""

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import tyro

from acdepth.cli.launched import own_place, own_share


def predict(
    inputs: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PATH ...", help_behavior_hint="")
    ],
    *,
    weights: Path | None = None,
    out: Path = Path("predictions"),
    npy: bool = False,
    ply: bool = False,
    frames: bool = False,
    confidence: bool = False,
    steady: bool = True,
    depth_alone: bool = False,
    camera: Path | None = None,
    fx: float | None = None,
    fov: float | None = None,
    flip: bool = False,
    device: str = "auto",
    precision: Literal["fp32", "bf16", "int8", "auto"] = "fp32",
    backend: Literal["auto", "torch", "openvino", "onnx"] = "auto",
) -> None:
    """Predict depth of images, folders of images, videos and bags.

    Images become NAME_depth.png (16 bit, metres * 256) and NAME_colour.png, videos and bags NAME_colour.mp4,
    image and colours side by side. A camera file beside the images is used without being asked for, and so is
    KITTI's calibration. Where the lens bends, pictures are straightened first, and results are of
    NAME_straight.png, whose camera is in straight_camera.yaml. Of two images that differ by their suffix
    alone the later one's results are called by its whole name.

    accelerate launch -m acdepth predict ... divides the inputs among processes and machines.

    Args:
        inputs: images, folders (searched to any depth), videos, bags of ROS 1, ROS 2 and MCAP.
        weights: checkpoint or its folder, or hf:NAME, a depth model of transformers by folder or name of the
            hub; the small network that ships if not given.
        out: folder for the results; those of a folder keep their paths below it.
        npy: also write NAME_depth.npy, float32 metres.
        ply: also write NAME_points.ply, a coloured point cloud in metres; needs the camera.
        frames: also write each frame of a video or bag, as NAME_frames/000000_depth.png and so on.
        confidence: also write NAME_confidence.png, 8 bit, white where depth can be relied on: 255 * exp(-e),
            e the expected error of log depth. With --npy also NAME_confidence.npy, float32 in 0..1.
        steady: of videos and bags, draw each frame's depth towards what the frames before it said, so that it
            flickers less; --no-steady predicts every frame for itself.
        depth_alone: show of a video its depth alone, without the image beside it.
        camera: of all inputs: camera.yaml with fx, fy, cx, cy, width, height in pixels, or a file of ROS
            (camera_info), OpenCV, COLMAP (cameras.txt) or Kalibr. Metres then follow a lens that is not the
            training one; without a camera, here or beside the images, they do not.
        fx: instead of --camera: the focal length of all inputs in pixels of the image, as it is given.
        fov: instead of --camera, where nobody measured: how many degrees all inputs see across.
        flip: fuse with the prediction of the mirror image: usually a little better, twice the time.
        device: auto, cpu, cuda, cuda:1 or mps.
        precision: fp32, as measured; bf16, faster where the device computes in it; auto: by the device; int8,
            fastest on a CPU, refused where it costs more than 2 % of absRel on the built-in world.
        backend: torch, as measured; openvino, faster on a CPU; onnx, ONNX Runtime; auto: openvino on a CPU if
            it is installed (pip install 'acdepth[openvino]'), else torch. In fp32 all say the same but for
            1e-4 of the depth.
    """
    from acdepth.data.own.cameras import read_lens
    from acdepth.inference.predictor import load
    from acdepth.prediction.run import Options, run_all

    lens = read_lens(camera) if camera else None
    options = Options(lens, fx, fov, flip, npy, ply, frames, confidence, steady, depth_alone)
    place, share = own_place(device), own_share()
    opened = partial(load, weights, str(place), precision=precision, backend=backend)
    run_all(inputs, out, opened, options, share)

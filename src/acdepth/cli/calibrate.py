"""``acdepth calibrate``: metres from one distance that somebody measured."""

from pathlib import Path
from typing import Annotated

import tyro

from acdepth.core.errors import UserError


def calibrate(
    weights: Annotated[Path, tyro.conf.Positional],
    *,
    image: Path,
    point: Annotated[tuple[tuple[float, float, float], ...], tyro.conf.UseAppendAction] = (),
    camera_height: float | None = None,
    camera: Path | None = None,
    fov: float | None = None,
    out: Path = Path("calibrated.safetensors"),
    device: str = "auto",
) -> None:
    """Bring a checkpoint to metres by a tape measure: write it anew, its depth multiplied by one factor.

    The camera file beside the image is used as by acdepth predict. Where no lens is known, the factor makes
    up for it as well: metres then hold for pictures by this lens, and no camera changes them.

    Args:
        weights: checkpoint or its folder, or shipped.
        image: a picture by the camera.
        point: column and row in the image [px], and how many metres away that is along the view, as a tape on
            the road from below the camera says it. Given again, the median of the factors counts.
        camera_height: instead of points: of the lens above the road [m]; the picture must show one.
        camera: camera.yaml with fx, fy, cx, cy, width, height in pixels, or a file as for acdepth predict.
        fov: instead of --camera, where nobody measured: how many degrees the image sees across.
        out: the calibrated checkpoint.
        device: auto, cpu, cuda, cuda:1 or mps.
    """
    from acdepth.core.images import read_image
    from acdepth.data.own.cameras import read_lens
    from acdepth.data.own.guessed import lens_from_fov
    from acdepth.inference.calibration import MeasuredPoint
    from acdepth.prediction.calibrate import calibrate as write_calibrated
    from acdepth.prediction.lenses import Lenses

    if camera and fov:
        raise UserError(None, "--camera and --fov say the same", "give one of them")
    if camera:
        lens = read_lens(camera)
    elif fov is not None:
        height, width, _ = read_image(image).shape
        lens = lens_from_fov(fov, (height, width))
    else:
        lens = Lenses().of_image(image, image.parent)
    points = tuple(MeasuredPoint(*one) for one in point)
    found = write_calibrated(weights, image, points, camera_height, lens, out, device)
    print(f"depth times {found.factor:.4g} ({found.by}): {out}")

"""Windows of training images, brought back to full size: the same street through other lenses."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from acdepth.core.camera import Camera
from acdepth.data.settings import ZoomSettings


@dataclass(frozen=True)
class Zoom:
    """One window per image; 1 and the middle leave an image as it is."""

    focal: Tensor
    """(B,) focal length [px] after over before."""
    centre: Tensor
    """(B, 2) x and y of the window's middle, from -1 to 1 across the image."""

    def image(self, image: Tensor) -> Tensor:
        """The windows of images (B, C, H, W), at their size."""
        # In float32 whatever the precision around: a place in bfloat16 is off by a pixel.
        grid = self._grid(image)
        return F.grid_sample(image.float(), grid, "bilinear", "reflection", align_corners=False)

    def inverse_depth(self, inverse_depth: Tensor, least: float, most: float) -> Tensor:
        """What a network of the camera before should say of the windows, given what it should say before.

        Every depth network here speaks of its training camera: through a lens of twice the focal length a car
        looks as large as one at half the distance, and half is what the network says, until `focal_ratio`
        doubles it. What it cannot say is cut off.

        Args:
            inverse_depth: (B, 1, h, w) [1/m] of the images before.
            least: smallest inverse depth that the network can say [1/m].
            most: largest.
        """
        seen = self.focal.to(inverse_depth.device).view(-1, 1, 1, 1) * self.image(inverse_depth)
        return seen.clamp(least, most)

    def inside(self, like: Tensor) -> Tensor:
        """(B, 1, h, w) bool at the size of ``like``: what shows the image and not its mirror image."""
        return (self._grid(like).abs() <= 1).all(-1)[:, None]

    def camera(self, camera: Camera, row: int) -> Camera:
        """The camera of one window: that of an image, zoomed about the window's middle."""
        focal = self.focal[row].item()
        x, y = self.centre[row].tolist()
        # -1 to 1 spans the image from edge to edge, and edges lie half a pixel outside of pixel centres.
        middle_x, middle_y = (1 + x) * camera.width / 2 - 0.5, (1 + y) * camera.height / 2 - 0.5
        cx = (camera.cx - middle_x) * focal + (camera.width - 1) / 2
        cy = (camera.cy - middle_y) * focal + (camera.height - 1) / 2
        return Camera(camera.fx * focal, camera.fy * focal, cx, cy, camera.width, camera.height)

    def _grid(self, like: Tensor) -> Tensor:
        """(B, h, w, 2) where each pixel of the window lies in the image, from -1 to 1."""
        scale = 1 / self.focal
        zero = torch.zeros_like(scale)
        across = torch.stack([scale, zero, self.centre[:, 0]], 1)
        down = torch.stack([zero, scale, self.centre[:, 1]], 1)
        theta = torch.stack([across, down], 1).to(like.device)
        return F.affine_grid(theta, [len(like), 1, *like.shape[-2:]], align_corners=False)


def draw_zoom(count: int, generator: torch.Generator, settings: ZoomSettings) -> Zoom:
    """Windows for a batch of ``count`` images; the generator is on the CPU."""
    chosen = torch.rand(count, generator=generator) < settings.probability
    low, high = torch.tensor(settings.focal_range).log()
    drawn = (low + (high - low) * torch.rand(count, generator=generator)).exp()
    focal = torch.where(chosen, drawn, 1.0)
    room = (1 - 1 / focal).abs()[:, None]
    place = settings.wander * (2 * torch.rand(count, 2, generator=generator) - 1)
    return Zoom(focal, room * place)

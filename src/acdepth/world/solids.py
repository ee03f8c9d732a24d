"""The solids a town is made of: one table for prisms, ellipsoids and upright cylinders."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from itertools import product
from typing import Any, Self

import torch
from torch import Tensor

Triple = tuple[float, float, float]
Pair = tuple[float, float]


Shape = IntEnum("Shape", "PRISM ELLIPSOID CYLINDER", start=0)
"""How a row of the table is to be read."""
Material = IntEnum(
    "Material",
    "FACADE ROOF WALL CAR_BODY CAR_CABIN WHEEL FOLIAGE BARK PLAIN LAMP SIGN PLANKS MEADOW RAIL CARGO PANEL"
    " SHELL BUS TAIL SIGNAL",
    start=0,
)
"""What a solid is painted with."""
BUILT = (Material.FACADE, Material.ROOF, Material.WALL, Material.PLANKS)
TERRAIN = (Material.MEADOW,)


@dataclass(frozen=True)
class Solids:
    """N solids; points are (x, height, z) [m].

    A prism is a box turned about the vertical whose sides may lean inwards. Its local z axis is its front.
    """

    shape: Tensor  # (N,) int64, a Shape
    centre: Tensor  # (N, 3)
    half: Tensor  # (N, 3) half extents along the local axes; radii of ellipsoids; (r, half height, r)
    turn: Tensor  # (N, 2) cosine and sine of the yaw
    form: Tensor  # (N, 2) prism: lean of the x and z sides [m per m of height]; ellipsoid: (lumpiness, 0)
    material: Tensor  # (N,) int64, a Material
    colour: Tensor  # (N, 3) linear albedo
    trim: Tensor  # (N, 3) second colour: window frames, rims, sign faces
    detail: Tensor  # (N, 4) numbers of the material, see the painter of each
    seed: Tensor  # (N,) int64

    def __len__(self) -> int:
        return len(self.shape)

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """All rows of all parts, in order."""
        return cls(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def to(self, device: torch.device | str) -> Self:
        """The same solids on another device."""
        return type(self)(*(getattr(self, field.name).to(device) for field in fields(self)))

    def select(self, rows: Tensor) -> Self:
        """The solids of the given row numbers."""
        return type(self)(*(getattr(self, field.name).index_select(0, rows) for field in fields(self)))

    def moved(self, x: float, z: float, yaw: float) -> Self:
        """These solids, built around the origin facing +z, set down at (x, z) facing yaw [rad]."""
        c, s = math.cos(yaw), math.sin(yaw)
        cx, ch, cz = self.centre.unbind(1)
        centre = torch.stack([c * cx + s * cz + x, ch, -s * cx + c * cz + z], 1)
        cosine, sine = self.turn.unbind(1)
        turn = torch.stack([cosine * c - sine * s, sine * c + cosine * s], 1)
        return replace(self, centre=centre, turn=turn)

    def corners(self) -> Tensor:
        """(N, 8, 3) corners of the boxes around the solids."""
        signs = torch.tensor(list(product((-1.0, 1.0), repeat=3)), device=self.centre.device)
        return self.centre[:, None] + to_world(self.half[:, None] * signs, self.turn[:, None])


def to_local(vector: Tensor, turn: Tensor) -> Tensor:
    """Turn world vectors (..., 3) into the frames of solids with the given turns (..., 2)."""
    c, s = turn[..., 0], turn[..., 1]
    x, height, z = vector.unbind(-1)
    return torch.stack([c * x - s * z, height.expand_as(c * x), s * x + c * z], -1)


def to_world(vector: Tensor, turn: Tensor) -> Tensor:
    """Turn local vectors (..., 3) of solids with the given turns (..., 2) into the world."""
    return to_local(vector, turn * turn.new_tensor([1.0, -1.0]))


class Workshop:
    """Collects solids row by row in plain numbers and makes the table at the end."""

    def __init__(self) -> None:
        self._rows: list[tuple] = []
        self._parts: list[Solids] = []

    def add(
        self,
        shape: Shape,
        centre: Triple,
        half: Triple,
        material: Material,
        colour: Triple,
        *,
        yaw: float = 0.0,
        form: Pair = (0.0, 0.0),
        trim: Triple = (0.5, 0.5, 0.5),
        detail: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0),
        seed: int = 0,
    ) -> None:
        """Add one solid; the arguments are the columns of `Solids`, with the yaw in radians."""
        turn = (math.cos(yaw), math.sin(yaw))
        self._rows.append((shape, centre, half, turn, form, material, colour, trim, detail, seed))

    def stand(
        self,
        place: Triple,
        half: Triple,
        material: Material,
        colour: Triple,
        height: float | None = None,
        **looks: Any,
    ) -> None:
        """Add a prism at a place (x, z, yaw) of `Road.place`: on the ground, or its middle at ``height``."""
        x, z, yaw = place
        centre = (x, half[1] if height is None else height, z)
        self.add(Shape.PRISM, centre, half, material, colour, yaw=yaw, **looks)

    def erect(
        self, x: float, z: float, radius: float, height: float, material: Material, colour: Triple, seed=0
    ) -> None:
        """Add an upright cylinder on the ground."""
        half = height / 2
        self.add(Shape.CYLINDER, (x, half, z), (radius, half, radius), material, colour, seed=seed)

    def extend(self, part: Solids) -> None:
        """Add solids that are already a table."""
        self._parts.append(part)

    def finish(self) -> Solids:
        """The table of everything added: single solids first, then the tables in their order."""
        widths = (0, 3, 3, 2, 2, 0, 3, 3, 4, 0)
        columns = zip(*self._rows, strict=True) if self._rows else [()] * len(widths)

        def table(column: tuple, width: int) -> Tensor:
            if width == 0:
                return torch.tensor(column, dtype=torch.int64)
            return torch.tensor(column, dtype=torch.float32).reshape(-1, width)

        return Solids.concatenate([Solids(*map(table, columns, widths)), *self._parts])

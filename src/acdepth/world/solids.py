"""The solids a town is made of: one table for prisms, ellipsoids and upright cylinders."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, Self

import torch
from torch import Tensor

Triple = tuple[float, float, float]
Pair = tuple[float, float]


class Shape(IntEnum):
    """How a row of the table is to be read."""

    PRISM = 0
    ELLIPSOID = 1
    CYLINDER = 2


class Material(IntEnum):
    """What a solid is painted with."""

    FACADE = 0
    ROOF = 1
    WALL = 2
    CAR_BODY = 3
    CAR_CABIN = 4
    WHEEL = 5
    FOLIAGE = 6
    BARK = 7
    PLAIN = 8
    LAMP = 9
    SIGN = 10
    PLANKS = 11
    MEADOW = 12
    RAIL = 13
    CARGO = 14
    PANEL = 15


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
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return type(self)(**{**values, "centre": centre, "turn": turn})

    def corners(self) -> Tensor:
        """(N, 8, 3) corners of the boxes around the solids."""
        signs = torch.tensor(
            [[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)],
            device=self.centre.device,
        )
        local = self.half[:, None] * signs
        c, s = self.turn[:, None, 0], self.turn[:, None, 1]
        offset = torch.stack(
            [c * local[..., 0] + s * local[..., 2], local[..., 1], c * local[..., 2] - s * local[..., 0]], -1
        )
        return self.centre[:, None] + offset


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
        single = Solids(
            *(
                torch.tensor(list(column), dtype=torch.float32 if width else torch.int64).reshape(
                    (-1, width) if width else (-1,)
                )
                for column, width in zip(columns, widths, strict=True)
            )
        )
        return Solids.concatenate([single, *self._parts])

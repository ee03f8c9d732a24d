"""Colours of the world, as linear albedos."""

from acdepth.world.dice import Dice
from acdepth.world.solids import Triple


def linear(code: str) -> Triple:
    """Linear RGB of a display colour written like ``c8b090``."""
    red, green, blue = ((int(code[i : i + 2], 16) / 255) ** 2.2 for i in (0, 2, 4))
    return red, green, blue


def linears(codes: str) -> tuple[Triple, ...]:
    """Colours whose codes stand in a row."""
    return tuple(linear(code) for code in codes.split())


def vary(dice: Dice, colour: Triple, size: float = 0.18) -> Triple:
    """The colour, a little lighter or darker and a little off its hue."""
    shade = 1 + dice.uniform(-size, size)
    red, green, blue = (min(0.9, c * shade * (1 + dice.uniform(-size, size) / 4)) for c in colour)
    return red, green, blue


FACADES = linears(
    "b06a4c 9c5540 c98f62 d9c39a e3d6b8 c9b8a0 b8b4a8 d8a47c a8a49c cfd3cc 9aa7a6 d6b36a b98f86 "
    "8d6e5a e6ddd0 a3bac0 c2ccb0"
)
ROOFS = linears("8a4b38 6f4638 5b5a5c 4a4d52 77685c 94594a")
TRIMS = linears("efece4 e2dccb d0cdc4 5a4a3c 3d4a48 f2f0ea 6d3b30")
AWNINGS = linears("a83232 2f5d43 e8e2d2 24486e d8a036 e8e2d2")
CARS = linears(
    "d8dadc b9bdc2 2a2c30 1c1d20 8d9399 9d1f22 1f3f75 f0f0ee 38505c 5f2626 c7b08a 2f5a46 d4d6d8 6c7076 c4742a"
)
FLEET = linears(
    "f2f2f0 e4e6e8 d2d5d8 b4b8bc 8e9296 5c6065 3a3d40 222326 151517 101012 1d2b4a 27406e "
    "7c1c20 a52a28 5a5348 39463c 8a6a4a"
)
"""Today's cars: most are white, silver, grey or black."""
LEAVES = linears("56793a 65863c 4b6e3c 7d9147 416138 8a8a3e")
NEEDLES = linears("2f4a33 3a5238 2c4436")
CLOTHES = linears("2f3a52 8c2f36 3d3d40 c2b59a 5b7a8c d2a33c e4e0da 4d6a4a 7a4a78")
SKIN = linears("e0b090 c98f6c 8a5a3c 5c3a28")
SIGNS = linears("c8202a 1f5fae e8e8e4 e6b92e 2c7a46")
LORRIES = linears("e8e8e6 1f4e8c b3262a e0a020 dfe3e6 2e6b4f c8ccd0 d86a1c")
FARM_WALLS = linears("ece6d8 e2d5bc c9b79a b4644a d8d2c8 a67c5b")
PLANKS = linears("7c3a2c 6b4a34 8a6f52 5a4a3e 8e8478")

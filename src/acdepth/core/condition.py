"""The conditions under which a picture may have been taken."""

from enum import StrEnum


class Condition(StrEnum):
    """Weather and light of one image; the value is what files, flags and tables say."""

    CLEAR = "clear"
    NIGHT = "night"
    RAIN = "rain"
    NIGHT_RAIN = "night-rain"
    FOG = "fog"
    SNOW = "snow"

    @property
    def index(self) -> int:
        """Position in the enumeration: the number that stands for the condition in a batch."""
        return list(Condition).index(self)

    @property
    def dark(self) -> bool:
        """Whether it is of the night."""
        return self in (Condition.NIGHT, Condition.NIGHT_RAIN)

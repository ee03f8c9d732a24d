"""The six conditions: how each lights the same surfaces, and what it does to the picture."""

from functools import partial

from acdepth.core.condition import Condition
from acdepth.world.weather import day, night, rain
from acdepth.world.weather.base import Weather

WEATHERS: dict[Condition, Weather] = {
    Condition.CLEAR: Weather(day.illuminate_clear, day.develop_clear),
    Condition.NIGHT: Weather(night.illuminate, night.develop),
    Condition.RAIN: Weather(
        partial(rain.wet_light, shade=rain.overcast_light, strength=0.95), rain.develop_by_day
    ),
    Condition.NIGHT_RAIN: Weather(
        partial(rain.wet_light, shade=night.night_light, strength=1.3), rain.develop_by_night
    ),
    Condition.FOG: Weather(day.illuminate_fog, day.develop_fog),
    Condition.SNOW: Weather(day.illuminate_snow, day.develop_snow),
}

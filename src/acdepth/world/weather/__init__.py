"""The six conditions: how each lights the same surfaces, and what it does to the picture."""

from acdepth.core.condition import Condition
from acdepth.world.weather import clear, fog, night, rain, snow
from acdepth.world.weather.base import Weather

WEATHERS: dict[Condition, Weather] = {
    Condition.CLEAR: Weather(clear.illuminate, clear.develop),
    Condition.NIGHT: Weather(night.illuminate, night.develop),
    Condition.RAIN: Weather(rain.illuminate_by_day, rain.develop_by_day),
    Condition.NIGHT_RAIN: Weather(rain.illuminate_by_night, rain.develop_by_night),
    Condition.FOG: Weather(fog.illuminate, fog.develop),
    Condition.SNOW: Weather(snow.illuminate, snow.develop),
}

"""What the text encoder is told about each condition."""

from acdepth.core.condition import Condition

PROMPTS: dict[Condition, str] = {
    Condition.CLEAR: "driving in the day",
    Condition.NIGHT: "driving in the night",
    Condition.RAIN: "driving in heavy rain",
    Condition.NIGHT_RAIN: "driving in heavy rain at night",
    Condition.FOG: "driving in dense fog",
    Condition.SNOW: "driving in heavy snow",
}
"""Day, night and rain: the words of img2img-turbo, on which ACDepth builds; the rest is ours."""

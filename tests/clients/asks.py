"""What the clients ask for, whatever their language: a question, tools and their results, a form, a picture."""

import json
from typing import Literal

import pydantic

SYSTEM = "Answer briefly, and mention größere Zahlen."
QUESTION = "What is the weather in 東京 and in Genève?"
# Without spaces between its signs: a wire that takes JSON as a value, not as text, does not keep them.
RESULTS = ('{"celsius":21,"sky":"clear"}', "rain, 9 °C")
# A small PNG, one red pixel.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


class Weather(pydantic.BaseModel):
    """The weather now."""

    city: str
    unit: Literal["c", "f"]


class Verdict(pydantic.BaseModel):
    """The form of a structured answer."""

    verdict: Literal["approve", "reject"]
    reason: str
    count: int
    tags: list[str]


WEATHER_SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["c", "f"]}},
    "required": ["city", "unit"],
    "additionalProperties": False,
}
TIME_SCHEMA = {
    "type": "object",
    "properties": {"zone": {"type": "string"}},
    "required": ["zone"],
    "additionalProperties": False,
}
SCHEMAS = {"get_weather": WEATHER_SCHEMA, "get_time": TIME_SCHEMA}


def check_arguments(name, arguments):
    """The arguments of a call are complete JSON in the form of its tool; gives them as text."""
    read = json.loads(arguments) if isinstance(arguments, str) else arguments
    assert set(SCHEMAS[name]["required"]) <= set(read) <= set(SCHEMAS[name]["properties"]), (name, read)
    return read

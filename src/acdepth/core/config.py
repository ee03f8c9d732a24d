"""Settings that cannot be misspelt: frozen pydantic models, read from YAML with errors that help."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, ClassVar, Self, Union, get_args, get_origin

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from acdepth.core.errors import UserError
from acdepth.core.files import read_yaml, write_text


class Config(BaseModel):
    """Base of every group of settings: immutable, no unknown keys, a docstring under each field."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )
    incidental: ClassVar[frozenset[str]] = frozenset()
    """Names of settings that say how work is done, and not what comes out of it."""
    formerly: ClassVar[Mapping[str, Any]] = {}
    """What settings meant before they were there, as JSON values by name, where that is not their default."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Keep the fields' docstrings as help shows them: without line breaks and marks of code."""
        for field in cls.model_fields.values():
            if field.description:
                field.description = " ".join(field.description.replace("``", "").split())

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read YAML.

        Raises:
            UserError: naming the file, the key, the value and the nearest known key.
        """
        return cls.from_dict(read_yaml(path) or {}, where=str(path))

    @classmethod
    def from_dict(cls, values: Any, where: str) -> Self:
        """Check plain values; ``where`` names their source in the error message.

        Inner settings that are given in part have the rest from the default of their field.
        """
        if not isinstance(values, dict):
            raise UserError(where, f"expected keys and values, found {type(values).__name__}")
        try:
            # Strict JSON mode: text may become an enum and a list a tuple, but text never becomes a number.
            return cls.model_validate_json(json.dumps(_filled(cls, values)), strict=True)
        except ValidationError as error:
            raise UserError(where, _first_problem(cls, error)) from error

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON and YAML."""
        return self.model_dump(mode="json")

    def with_changes(self, changes: Mapping[str, Any], where: str) -> Self:
        """The settings with some of them changed; of inner settings only those named in a mapping of their
        own. Errors are as in `from_dict`."""
        return self.from_dict(_merged(self, changes), where)

    def write(self, path: Path) -> None:
        """Write fully resolved YAML."""
        write_text(path, yaml.safe_dump(self.to_dict(), sort_keys=False))


def within(least: float, most: float, usual: str) -> AfterValidator:
    """For ``Annotated``: a number, which a stranger may have given, within all that is usual."""

    def checked(value: Any) -> Any:
        if not least <= value <= most:  # NaN is not either
            raise ValueError(f"is not within {least:g} to {most:g}; usual is {usual}")
        return value

    return AfterValidator(checked)


def _filled(model: type[Config], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values with inner settings laid over their field's default, which may differ from their class's."""
    filled = dict(values)
    for name, field in model.model_fields.items():
        given = values.get(name)
        if not isinstance(given, Mapping):
            continue
        if isinstance(field.default, Config):
            filled[name] = _merged(field.default, given)
        elif (inner := _inner_settings(field.annotation)) is not None:
            filled[name] = _filled(inner, given)
    return filled


def _inner_settings(annotation: Any) -> type[Config] | None:
    """The settings that a field holds, or may hold."""
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Config)), None)


def _merged(config: Config, changes: Mapping[str, Any]) -> dict[str, Any]:
    values = config.to_dict()
    for name, value in changes.items():
        inner = getattr(config, str(name), None)
        if isinstance(inner, Config) and isinstance(value, Mapping):
            values[name] = _merged(inner, value)
        else:
            values[name] = value
    return values


def _nearest(name: str, known: Iterable[str]) -> list[str]:
    return difflib.get_close_matches(name, list(known), n=1, cutoff=0.7)


def _first_problem(model: type[BaseModel], error: ValidationError) -> str:
    problems = error.errors()
    # A misspelt key explains the one that is then missing.
    problem = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
    # Of a setting of several types the place also names the type that was tried.
    tried = re.compile(r"constrained-\w+|literal\[.*\]|int|float|str")
    key = ".".join(str(part) for part in problem["loc"] if not tried.fullmatch(str(part)))
    if problem["type"] == "extra_forbidden":
        # The same name may stand one level deeper or higher: learning_rate is loop.learning_rate.
        *level, name = map(str, problem["loc"])
        beside = {one: ".".join([*level, one]) for one in _keys_beside(model, problem["loc"])}
        anywhere = {path.rpartition(".")[2]: path for path in _all_keys(model)}
        places = [where[one] for where in (beside, anywhere) for one in _nearest(name, where)]
        hint = f"did you mean {places[0]}?" if places else f"known keys: {', '.join(beside)}"
        return f"unknown key {key}; {hint}"
    if problem["type"] == "missing":
        return f"{key} is missing"
    value, said = problem["input"], problem["msg"].removeprefix("Value error, ")
    if key != ".".join(map(str, problem["loc"])):
        also = [one["msg"] for one in problems[1:] if one["loc"][:-1] == problem["loc"][:-1]]
        said = ", or ".join([said, *(one.removeprefix("Input should be ") for one in also)])
    if isinstance(value, Mapping | BaseModel):  # of settings together, which need not all be told
        return f"{key}: {said}" if key else said
    hint = ""
    if isinstance(value, str) and "e" in value.lower() and _is_number(value):
        hint = f"; YAML reads {value} as text, write {float(value)!r} or {_with_point(value)}"
    return f"{key} = {value!r}: {said}{hint}"


def _all_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Names of all settings, those of inner settings with a dotted path."""
    for name, field in model.model_fields.items():
        yield prefix + name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _all_keys(field.annotation, f"{prefix}{name}.")


def _keys_beside(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    for part in location[:-1]:
        inner = model.model_fields[str(part)].annotation if str(part) in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            break
        model = inner
    return list(model.model_fields)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _with_point(text: str) -> str:
    mantissa, exponent = text.lower().split("e", 1)
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent}"

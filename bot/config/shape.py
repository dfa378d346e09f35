"""pydantic's errors of single keys, in the words of our faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.config.checks import cross_faults
from bot.config.faults import Fault, nearest, shown, sounds_secret, value_at, written_key
from bot.config.fields import ConfigSource

Path = tuple[str | int, ...]
_Model = TypeVar("_Model", bound=BaseModel)

_SENTENCES = {
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "model_type": "must be a table",
    "finite_number": "must be a number",
    "string_too_short": "must not be empty",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "literal_error": "must be one of {expected}",
}


def validated(
    model: type[_Model], tree: Mapping[str, Any], place: ConfigSource
) -> tuple[_Model | None, list[tuple[Path, Fault]]]:
    """Return *tree* as a *model*, None if a key is wrong; and each fault with its path.

    Values of secrets and of unknown keys are never shown.
    """
    file, value, details = str(place.file), None, list[ErrorDetails]()
    try:
        value = model.model_validate(tree, context=place)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    faults = [(detail["loc"], _fault(detail, model=model, tree=tree, file=file)) for detail in details]
    return value, [*faults, *cross_faults(tree, file=file)]


def key_paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield every key of *model*, as `quotas[].counting.first_add`, but not the tables."""
    for name, annotation in _keys(model).items():
        below = _model_in(annotation)
        if below is None:
            yield prefix + name
        else:
            many = "[]" if "tuple" in str(annotation) else ""
            yield from key_paths(below, f"{prefix}{name}{many}.")


def _fault(detail: ErrorDetails, *, model: type[BaseModel], tree: Mapping[str, Any], file: str) -> Fault:
    path: Path = detail["loc"]
    kind, context = detail["type"], detail.get("ctx", {})
    place = written_key(path, tree)
    if kind == "extra_forbidden":
        return _unknown(path, place, model=model, file=file)
    if kind == "missing":
        return Fault(file=file, key_path=place, value=None, allowed=_wanted(path, model))
    if kind == "tuple_type" and path in (("quotas",), ("roles",), ("robots",), ("campaigns",)):
        allowed = f"must be a list: write [[{path[0]}]], not [{path[0]}]"
        return Fault(file=file, key_path=place, value=None, allowed=allowed)
    # A text in place of a table may be anything, even a misplaced secret.
    hidden = kind == "model_type" or any(isinstance(part, str) and sounds_secret(part) for part in path)
    return Fault(
        file=file,
        key_path=place,
        value=None if hidden else shown(value_at(tree, path)),
        allowed=_allowed(kind, context, detail["msg"]),
        nearest=context.get("nearest"),
    )


def _allowed(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind == "refused":
        return str(context["allowed"])
    # pydantic writes 'pair', TOML "pair".
    return _SENTENCES.get(kind, message).format(**context).replace("'", '"')


def _wanted(path: Path, model: type[BaseModel]) -> str:
    owner = _model_at(model, path[:-1])
    for name, info in owner.model_fields.items() if owner else ():
        if (info.alias or name) == path[-1] and info.description:
            return f"is required. {info.description}"
    return "is required"


def _unknown(path: Path, place: str, *, model: type[BaseModel], file: str) -> Fault:
    word = str(path[-1])
    owner = _model_at(model, path[:-1])
    here = list(_keys(owner)) if owner else []
    meant = nearest(word, here)
    if meant is None:
        # Often the key is right but under the wrong heading.
        elsewhere = [key for key in key_paths(model) if key.rpartition(".")[2] == word]
        meant = elsewhere[0] if len(elsewhere) == 1 else None
    known = f"; known here: {', '.join(here)}" if meant is None else ""
    return Fault(file=file, key_path=place, value=None, allowed=f"unknown key{known}", nearest=meant)


def _model_at(model: type[BaseModel] | None, path: Path) -> type[BaseModel] | None:
    for part in path:
        if model is not None and isinstance(part, str):
            model = _model_in(_keys(model).get(part))
    return model


def _keys(model: type[BaseModel]) -> dict[str, Any]:
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((below for part in get_args(annotation) if (below := _model_in(part))), None)

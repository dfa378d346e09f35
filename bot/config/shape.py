"""pydantic's errors of single keys, in the words of our faults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.config.checks import cross_faults
from bot.config.faults import Fault, nearest, shown, sounds_secret, value_at, written_key
from bot.config.fields import ConfigSource, one_of
from bot.messages.catalog import texts_in
from bot.messages.sentences import Sentence

Path = tuple[str | int, ...]
_Model = TypeVar("_Model", bound=BaseModel)

# The sentences for pydantic's kinds of errors, and where its context has the bound in them.
_SENTENCES = {
    "int_type": "faults.whole_number",
    "bool_type": "faults.truth",
    "tuple_type": "faults.list",
    "model_type": "faults.table",
    "finite_number": "faults.number",
    "string_too_short": "faults.not_empty",
    "greater_than_equal": "faults.at_least",
    "greater_than": "faults.more_than",
    "less_than_equal": "faults.at_most",
    "less_than": "faults.less_than",
}
_BOUNDS = ("ge", "gt", "le", "lt")


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
        return Fault(file=file, key_path=place, value=None, allowed=_wanted(path))
    if kind == "tuple_type" and path in (("quotas",), ("roles",), ("robots",), ("campaigns",)):
        allowed = Sentence("faults.brackets", name=path[0])
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
    if kind == "literal_error":
        return one_of(re.findall("'([^']*)'", context["expected"]))
    if kind not in _SENTENCES:
        return message.replace("'", '"')
    bound = next((context[name] for name in _BOUNDS if name in context), None)
    return Sentence(_SENTENCES[kind], bound=bound)


def _wanted(path: Path) -> str:
    key = ".".join(part for part in path if isinstance(part, str))
    if key not in texts_in("en").table("faults.keys"):
        return Sentence("faults.required")
    return Sentence("faults.required_key", about=Sentence(f"faults.keys.{key}"))


def _unknown(path: Path, place: str, *, model: type[BaseModel], file: str) -> Fault:
    word = str(path[-1])
    owner = _model_at(model, path[:-1])
    here = list(_keys(owner)) if owner else []
    meant = nearest(word, here)
    if meant is None:
        # Often the key is right but under the wrong heading.
        elsewhere = [key for key in key_paths(model) if key.rpartition(".")[2] == word]
        meant = elsewhere[0] if len(elsewhere) == 1 else None
    allowed = Sentence("faults.unknown_key")
    if meant is None:
        allowed = Sentence("faults.unknown_key_of", known=", ".join(here))
    return Fault(file=file, key_path=place, value=None, allowed=allowed, nearest=meant)


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

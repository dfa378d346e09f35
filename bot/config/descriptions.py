"""What stands below each key in the source: for the JSON Schema, and for whoever left a key out.

It is read when somebody asks. pydantic can do the same, but then at every start, a twentieth of it.
"""

from __future__ import annotations

import ast
import inspect
from functools import cache
from itertools import pairwise
from textwrap import dedent
from typing import Any

from pydantic import BaseModel

from bot.config.fields import Section


def description_of(model: type[BaseModel], name: str) -> str | None:
    """What is said of the field *name*, with it or in the text below it; None if nothing is."""
    told = model.model_fields[name].description
    texts = (_texts(owner) for owner in model.__mro__ if issubclass(owner, Section))
    return told or next((found[name] for found in texts if name in found), None)


def describe(schema: dict[str, Any], root: type[Section]) -> None:
    """Write into the JSON Schema of *root* what is said of each key."""
    for model in _sections():
        part = schema if model is root else schema["$defs"].get(model.__name__)
        for name, info in model.model_fields.items() if part else ():
            key, text = part["properties"][info.alias or name], description_of(model, name)
            table = schema["$defs"].get(key.get("$ref", "").rpartition("/")[2], {})
            if text and text != table.get("description"):  # what the table says of itself is there already
                key["description"] = text


def _sections() -> list[type[Section]]:
    found = [Section]
    for section in found:  # grows on the way
        found += section.__subclasses__()
    return found[1:]


@cache
def _texts(model: type[BaseModel]) -> dict[str, str]:
    """The text below each field that the class itself has; none without its source."""
    try:
        module = ast.parse(dedent(inspect.getsource(model)))
    except OSError:
        return {}
    texts = {}
    for field, below in pairwise(line for part in module.body for line in getattr(part, "body", ())):
        match field, below:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(value=ast.Constant(str(text))):
                texts[name] = inspect.cleandoc(text)
    return texts

"""The rows of the configuration reference, as the models have them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.config.shape import _model_in

# What a cell of the reference says besides code, by language.
_WORDS = {
    "en": {"required": "required", "secret": "secret", "text": "text", "date": "date", "comma": ", "},
    "zh-CN": {"required": "必填", "secret": "密钥", "text": "文字", "date": "日期", "comma": "，"},
}

_NONE = "—"
_SIGNS = {annotated_types.Ge: "≥", annotated_types.Gt: ">", annotated_types.Le: "≤", annotated_types.Lt: "<"}


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the configuration file: its path, and what the models say of it."""

    path: str
    info: FieldInfo
    schema: dict[str, Any]

    @property
    def section(self) -> str:
        """Return the first part of the path, without the sign of a list."""
        return self.path.partition(".")[0].removesuffix("[]")

    @property
    def meaning(self) -> str:
        """Return what the models say of it."""
        return self.info.description or ""

    def row(self, language: str) -> str:
        """Return its row of the reference up to the meaning."""
        return f"| `{self.path.partition('.')[2]}` | {self.values(language)} | "

    def values(self, language: str) -> str:
        """Return the cell of default and values: `3`, 0–366; of several values the default comes first."""
        words = _WORDS[language]
        schema = next((one for one in self.schema.get("anyOf", ()) if one.get("type") != "null"), self.schema)
        choices = [f"`{one}`" for one in schema.get("enum", schema.get("items", {}).get("enum", ()))]
        own = f"`{self.schema.get('default')}`"
        if own in choices:
            return " · ".join([own, *(one for one in choices if one != own)])
        default = words["required"] if self.info.is_required() else self.default
        kind = _kind(schema, words) if default in (words["required"], _NONE) else ""
        detail = " · ".join(choices) or _bounds(self.info) or kind
        return f"{default}{words['comma']}{detail}" if detail else default

    @property
    def default(self) -> str:
        """Return the default as TOML has it, or a dash."""
        default = self.schema.get("default")
        return _NONE if default is None else f"`{json.dumps(default, ensure_ascii=False)}`"


def _kind(schema: dict[str, Any], words: dict[str, str]) -> str:
    """Return the word for what a schema takes."""
    if "oneOf" in schema:
        return words["secret"]
    return words["date"] if schema.get("format") == "date" else words["text"]


def _bounds(info: FieldInfo) -> str:
    """Return the least and the greatest value of a number: `0–366`, `> 0, ≤ 1`; empty if there is none."""
    found = {
        type(one): getattr(one, type(one).__name__.lower()) for one in info.metadata if type(one) in _SIGNS
    }
    least, most = found.get(annotated_types.Ge), found.get(annotated_types.Le)
    if least is not None and most is not None:
        return f"{least}–{most}"
    return ", ".join(f"{sign} {found[kind]}" for kind, sign in _SIGNS.items() if kind in found)


def reference(model: type[BaseModel], prefix: str = "") -> Iterator[Key]:
    """Yield every key of *model* in the order of the file."""
    schemas = model.model_json_schema(by_alias=True)["properties"]
    for name, info in model.model_fields.items():
        alias = info.alias or name
        below = _model_in(info.annotation)
        if below is None:
            yield Key(prefix + alias, info, schemas[alias])
        else:
            many = "[]" if "tuple" in str(info.annotation) else ""
            yield from reference(below, f"{prefix}{alias}{many}.")

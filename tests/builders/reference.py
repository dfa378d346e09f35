"""The pages of docs/ in both languages, and the rows of the configuration reference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.config.shape import _model_in

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
LANGUAGES = ("en", "zh-CN")
_SUFFIXES = {"en": ".md", "zh-CN": ".zh-CN.md"}
# What a cell of the reference says besides code, by language.
_WORDS = {
    "en": {"required": "required", "secret": "secret", "text": "text", "list": "list", "date": "date"},
    "zh-CN": {"required": "必填", "secret": "密钥", "text": "文字", "list": "列表", "date": "日期"},
}


def page(name: str, language: str) -> Path:
    """Return the file of the page *name*, such as `commands`."""
    return DOCS / f"{name}{_SUFFIXES[language]}"


def text_of(name: str, language: str) -> str:
    """Return the text of a page."""
    return page(name, language).read_text(encoding="utf-8")


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
        name = self.path.partition(".")[2]
        return f"| `{name}` | {self.default(language)} | {self.values(language)} | "

    def default(self, language: str) -> str:
        """Return the cell of the default."""
        if self.info.is_required():
            return _WORDS[language]["required"]
        default = self.schema.get("default")
        return "—" if default is None else f"`{json.dumps(default, ensure_ascii=False)}`"

    def values(self, language: str) -> str:
        """Return the cell of the values that it takes."""
        words = _WORDS[language]
        schema = next((one for one in self.schema.get("anyOf", ()) if one.get("type") != "null"), self.schema)
        if schema.get("type") == "array":
            inner = _codes(schema["items"])
            return f"{words['list']}: {inner}" if inner else words["list"]
        if "oneOf" in schema:
            return words["secret"]
        if schema.get("format") == "date":
            return words["date"]
        return _bounds(self.info) or _codes(schema) or words["text"]


def _codes(schema: dict[str, Any]) -> str:
    """Return the values that a schema lists, or their form; empty if it is any text or number."""
    if schema.get("type") == "boolean":
        return "`true` · `false`"
    if "enum" in schema:
        return " · ".join(f"`{value}`" for value in schema["enum"])
    pattern = schema.get("pattern", "")
    times = pattern.count("([0-5][0-9])")
    return f"`{'-'.join(['HH:MM'] * times)}`" if times else ""


def _bounds(info: FieldInfo) -> str:
    """Return the least and the greatest value of a number; empty if there is none."""
    found = []
    for one in info.metadata:
        for kind, sign in ((annotated_types.Ge, "≥"), (annotated_types.Gt, ">")):
            found += [f"{sign} {getattr(one, kind.__name__.lower())}"] if isinstance(one, kind) else []
    for one in info.metadata:
        for kind, sign in ((annotated_types.Le, "≤"), (annotated_types.Lt, "<")):
            found += [f"{sign} {getattr(one, kind.__name__.lower())}"] if isinstance(one, kind) else []
    return ", ".join(found)


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

"""What each column of the store holds: for the page of the data map, for `erase`, pseudonyms and `export`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources


class Holds(StrEnum):
    """The class of a column; data_map.toml says what each means."""

    PLAIN = "plain"
    MOMENT = "moment"
    REAL = "real"
    USERID = "userid"
    NAME = "name"
    CUSTOMER = "customer"
    IDENTITY = "identity"
    INSIDE = "inside"
    BYTES = "bytes"
    SECRET = "secret"  # noqa: S105 - a class of columns


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its class and what it is."""

    name: str
    holds: Holds
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: what it holds, why, how long, and who sees it. *exported*: whether `export` offers it."""

    name: str
    what: str
    why: str
    kept: str
    seen: str
    exported: bool
    columns: tuple[Column, ...]

    def names(self, *kinds: Holds) -> list[str]:
        """Return the names of the columns of these classes."""
        return [column.name for column in self.columns if column.holds in kinds]


@cache
def data_map() -> dict[str, Table]:
    """Return every table by its name, in the order of the file."""
    text = (resources.files(__package__) / "data_map.toml").read_text(encoding="utf-8")
    return {
        name: Table(
            name=name,
            what=entry["what"],
            why=entry["why"],
            kept=entry["kept"],
            seen=entry["seen"],
            exported=entry.get("exported", True),
            columns=tuple(_column(column, said) for column, said in entry["columns"].items()),
        )
        for name, entry in tomllib.loads(text).items()
    }


def columns_of(*kinds: Holds, besides: Collection[str] = ()) -> Iterator[tuple[Table, list[str]]]:
    """Yield each table that has columns of these classes, with their names, but no table of *besides*."""
    for table in data_map().values():
        if table.name not in besides and (names := table.names(*kinds)):
            yield table, names


def _column(name: str, said: str) -> Column:
    holds, _, what = said.partition(": ")
    return Column(name, Holds(holds), what)


def page(language: str) -> str:
    """Return docs/data-map.md in English ("en"), docs/data-map.zh-CN.md in Chinese ("zh-CN")."""
    translated = _sentences(language)
    flow, privacy = (
        translated("[data-flow.md](data-flow.md)"),
        translated("[security-privacy.md](security-privacy.md)"),
    )
    lines = [
        f"# {translated('Data map')}",
        "",
        translated("Every column of the store: what it holds, why, for how long, and who sees it."),
        translated(
            "This page is made from `bot/store/data_map.toml`; a test holds that no column is missing."
        ),
        translated("How data goes: {page}.").format(page=privacy),
        "",
        f"| {translated('class')} | {translated('means')} |",
        "| --- | --- |",
        *(f"| {kind.value} | {translated(_CLASSES[kind]).format(page=flow)} |" for kind in Holds),
    ]
    for table in data_map().values():
        said = {key: translated(getattr(table, key)) for key in ("what", "why", "kept", "seen")}
        text = translated("{what}. Why: {why}. Kept: {kept}. Seen by: {seen}.").format(**said)
        lines += [
            "",
            f"## `{table.name}`",
            "",
            f"{text[0].upper()}{text[1:]}",
            "",
            f"| {translated('class')} | {translated('columns')} |",
            "| --- | --- |",
            *(
                f"| {kind.value} | {columns} |"
                for kind in Holds
                if (columns := _said(table, kind, translated))
            ),
        ]
    return "\n".join(lines) + "\n"


def _said(table: Table, kind: Holds, translated: Callable[[str], str]) -> str:
    """Return the table's columns of a class, each with its description."""
    return " · ".join(
        f"`{column.name}` {translated(column.what)}" for column in table.columns if column.holds is kind
    )


def _sentences(language: str) -> Callable[[str], str]:
    """Return the function that translates a sentence of the map. It raises KeyError without a translation."""
    if language == "en":
        return str
    text = (resources.files(__package__) / f"data_map.{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text).__getitem__


_CLASSES = {
    Holds.PLAIN: "states, numbers, days, ids of things",
    Holds.MOMENT: "a moment of the service's clock, in epoch seconds: {page}",
    Holds.REAL: "a moment of real time, in epoch seconds: {page}",
    Holds.USERID: "one employee's userid, or nothing",
    Holds.NAME: "what an employee is called, or their position",
    Holds.CUSTOMER: "one customer's external_userid",
    Holds.IDENTITY: "what else tells who a customer is",
    Holds.INSIDE: "text, JSON or a key that may name employees or customers",
    Holds.BYTES: "the same as bytes",
    Holds.SECRET: "keys and tokens; never exported",
}

"""Column names of the tables in the terminal."""

from __future__ import annotations

from bot.messages.catalog import Texts


def short(texts: Texts, key: str) -> str:
    """Return the column name of *key*, the short one if there is one."""
    return texts.table("tables.short").get(key, texts.table("tables.columns")[key])

"""What columns of the terminal's tables are called."""

from __future__ import annotations

from bot.messages.catalog import Texts


def short(texts: Texts, key: str) -> str:
    """Return what a column of the terminal's table is called."""
    return texts.table("tables.short").get(key, texts.table("tables.columns")[key])

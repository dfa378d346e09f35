"""A row of the table of measurements, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable

Row = tuple[str, str, str, str, str]  # id, measure, ours, beside, ratio
HEADS = ("", "measure", "ours", "beside", "ratio")


def ratio(ours: float, theirs: float) -> str:
    """Return how many times theirs ours is."""
    return f"{ours / theirs:.2f}" if theirs else "–"


def shown(rows: Iterable[tuple[object, ...]]) -> str:
    """Return the rows as a table for people; it is Markdown, too."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in [HEADS, *cells]) for place in range(len(HEADS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (HEADS, *cells)
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)

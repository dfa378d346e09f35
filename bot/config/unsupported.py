"""Keys that are known and checked, but have no effect in this version.

A bank must not rely on a rule without effect. So such a key is refused, never ignored, unless its value is
exactly what the program does anyway. Remove a key from this table when it gets its effect.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from typing import Any

from bot.config.faults import Fault, shown, value_at
from bot.messages.sentences import Sentence

Path = tuple[str | int, ...]

_DAYS = ("workdays", "every_day", "last_workday_of_week")
# Key → values that match what the program does anyway; none: leave the key out.
OFF_VALUES: Mapping[str, tuple[str, ...]] = {
    **{
        f"schedule.{job}.on": _DAYS
        for job in ("progress", "reminder", "digest", "weekly", "sync", "engagement", "purge", "backup")
    },
}


def unsupported_faults(
    tree: Mapping[str, Any], *, file: str, besides: Collection[Path] = ()
) -> list[tuple[Path, Fault]]:
    """Return a fault for every written key of *tree* that this version does not support.

    Keys at, above or below a path of *besides* are skipped: their faults are already reported.
    """
    faults: list[tuple[Path, Fault]] = []
    for key, off in OFF_VALUES.items():
        path = tuple(key.split("."))
        value = value_at(tree, path)
        if value is None or value in off or any(_related(path, other) for other in besides):
            continue
        faults.append((path, Fault(file=file, key_path=key, value=shown(value), allowed=_remedy(off))))
    return faults


def _remedy(off: Sequence[str]) -> str:
    if not off:
        return Sentence("faults.unsupported")
    values = reduce(
        lambda one, other: Sentence("faults.both", one=one, other=other),
        [shown(value) or "" for value in off],
    )
    return Sentence("faults.supported", values=values)


def _related(path: Path, other: Path) -> bool:
    shorter = min(len(path), len(other))
    return path[:shorter] == other[:shorter]

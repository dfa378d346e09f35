"""Keys that are known and checked, but have no effect in this version.

A bank must not believe in a rule that nothing keeps, so such a key is refused, never ignored, unless its
value says exactly what the program does anyway. A key that gets its effect leaves this table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bot.config.faults import Fault, shown, written_key

Path = tuple[str | int, ...]

# Key (every item of a list alike) → values that say what the program does anyway; none: leave the key out.
OFF_VALUES: Mapping[str, tuple[object, ...]] = {
    "schedule.progress.on": ("workdays", "every_day", "last_workday_of_week"),
    "schedule.reminder.on": ("workdays", "every_day", "last_workday_of_week"),
    "schedule.digest.on": ("workdays", "every_day", "last_workday_of_week"),
    "schedule.weekly.on": ("workdays", "every_day", "last_workday_of_week"),
    "schedule.sync.on": ("workdays", "every_day", "last_workday_of_week"),
    "schedule.engagement.on": ("workdays", "every_day", "last_workday_of_week"),
    "privacy.event_log_days": (),
}

NOT_SUPPORTED = "not supported in this version"


def unsupported_faults(
    tree: Mapping[str, Any], *, file: str, besides: Collection[Path] = ()
) -> list[tuple[Path, Fault]]:
    """Return a fault for every written key of *tree* that asks for what this version cannot do.

    Keys at, above or below a path of *besides* are passed over: what is wrong with them was said.
    """
    found: list[tuple[Path, Fault]] = []
    for key, off in OFF_VALUES.items():
        for path, value in _written(tree, key):
            if any(_related(path, other) for other in besides) or value in off:
                continue
            allowed = f"{NOT_SUPPORTED}{_remedy(off)}"
            place = written_key(path, tree)
            found.append((path, Fault(file=file, key_path=place, value=shown(value), allowed=allowed)))
    return found


def _remedy(off: tuple[object, ...]) -> str:
    values = [_toml(value) for value in off if value != []]
    if not values:
        return "; leave it out"
    return f", only {' and '.join(values)} {'is' if len(values) == 1 else 'are'}"


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return shown(value) or ""


def _written(tree: object, key: str, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield every place in *tree* that *key* of OFF_VALUES means, with what stands there."""
    name, _, rest = key.partition(".")
    each = name.endswith("[]")
    name = name.removesuffix("[]")
    if not isinstance(tree, Mapping) or name not in tree:
        return
    below, here = tree[name], (*path, name)
    if each and isinstance(below, list):
        for number, item in enumerate(below):
            yield from _written(item, rest, (*here, number))
    elif rest and not each:
        yield from _written(below, rest, here)
    elif not rest:
        yield here, below


def _related(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]

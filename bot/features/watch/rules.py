"""Whether receiving, counting and sending are well. Pure."""

from __future__ import annotations

from dataclasses import dataclass

RECEIVING_S = 60  # a receiver marks every ten seconds that it runs
TICK_S = 120  # the timetable is looked at every second
UNTRIED_S = 300  # an event is tried within seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """Signs of life. Seconds since something happened last; None: never.

    *untried_s*: age of the oldest event that nobody has tried. *is_sending*: a process holds the delivery
    lease. *obstacle*: why nothing can be sent, or what fails; empty if nothing does.
    """

    receiving_s: int | None
    untried_s: int | None
    ticked_s: int | None
    is_sending: bool
    obstacle: str


def find_unwell(vitals: Vitals) -> str | None:
    """Return what is not well, for the log; None if all is."""
    if vitals.receiving_s is None or vitals.receiving_s > RECEIVING_S:
        return "no receiver runs"
    if vitals.untried_s is not None and vitals.untried_s > UNTRIED_S:
        return f"an event waits for {vitals.untried_s} s"
    if vitals.ticked_s is None or vitals.ticked_s > TICK_S:
        return "nobody looks at the timetable"
    if not vitals.is_sending:
        return "nobody sends"
    return vitals.obstacle or None

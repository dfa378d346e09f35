"""What must hold before more people get messages. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.rollout import Mode

WORKDAYS = {Mode.SHADOW: 1, Mode.PILOT: 5}  # whole ones that a mode must have lasted
_NEXT = {Mode.SHADOW: Mode.PILOT, Mode.PILOT: Mode.ON}


class Missing(StrEnum):
    """A condition that does not hold yet, in the order in which people should look at them."""

    NOT_STARTED = "not_started"
    INCOMPLETE = "incomplete"
    DRIFT = "drift"
    DEAD = "dead"
    NOBODY_DECIDES = "nobody_decides"
    WORKDAYS = "workdays"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutFacts:
    """What is known of an installation.

    *workdays*: whole ones in this mode, with complete figures in the morning and in the evening.
    *drift*: facts that the newest comparison found missing. *undecided*: people without a reviewer.
    """

    mode: Mode
    has_store: bool
    is_complete: bool
    workdays: int
    drift: int
    dead: int
    undecided: int


@dataclass(frozen=True, slots=True)
class Advice:
    """The next mode, None after the last, and what is missing for it, each with its number."""

    next: Mode | None
    missing: tuple[tuple[Missing, int], ...] = ()


def advise(facts: RolloutFacts) -> Advice:
    """Return the next step and what is missing for it; the number is what people must look at or wait for."""
    following = _NEXT.get(facts.mode)
    if following is None:
        return Advice(None)
    if not facts.has_store:
        return Advice(following, ((Missing.NOT_STARTED, 1),))
    numbers = {
        Missing.INCOMPLETE: int(not facts.is_complete),
        Missing.DRIFT: facts.drift,
        Missing.DEAD: facts.dead,
        Missing.NOBODY_DECIDES: facts.undecided,
        Missing.WORKDAYS: max(0, WORKDAYS[facts.mode] - facts.workdays),
    }
    return Advice(following, tuple((missing, number) for missing, number in numbers.items() if number))

"""The part of new figures that favours the person. Pure.

A signature takes what favours the employee. Everything else is named, and waits for a correction.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from operator import attrgetter

from bot.core.progress import QuotaFigures
from bot.core.status import Status

# Two lines differ if one of these differs: the rest follows from them or belongs to the day.
figures_of = attrgetter("target", "counted", "rejected", "gross", "status", "penalty", "reward", "flags")


def mark_of(key: tuple[str, str, int]) -> str:
    """Return a short mark of a contact for its line: it tells contacts apart and names no customer."""
    return f"{zlib.crc32(f'{key[1]} {key[2]}'.encode()):08x}"


def choose_favourable(stored: QuotaFigures, best: QuotaFigures) -> QuotaFigures:
    """Return the line to sign: *stored* with what *best* has in the person's favour, else *stored* itself.

    More counted contacts, a smaller target, a smaller penalty (or none) and a larger reward are favourable.
    Flags stay as stored, an exempt line stays exempt, and an earned reward is not lost by an exemption.
    """
    if not stored.target or (not best.target and stored.reward):
        return stored
    base = best if best.counted >= stored.counted else stored
    target = min(stored.target, best.target)
    rewards = [reward for reward in (stored.reward, best.reward) if reward is not None]
    line = replace(
        base,
        target=target,
        remaining=max(0, target - base.counted),
        to_add=max(0, target - base.sure),
        status=Status.EXEMPT if not target else Status.MET if base.counted >= target else Status.MISSED,
        rank=_least(stored.rank, best.rank),
        penalty=None if None in (stored.penalty, best.penalty) else _least(stored.penalty, best.penalty),
        reward=max(rewards) if target and rewards else None,
        flags=stored.flags,
    )
    return line if _worth(line) != _worth(stored) else stored


_worth = attrgetter("target", "counted", "penalty", "reward")


def _least(*numbers: int | None) -> int | None:
    return min((number for number in numbers if number is not None), default=None)

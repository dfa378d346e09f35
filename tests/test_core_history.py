"""What becomes of the adds of 90 days, of one person and of several."""

from __future__ import annotations

from fractions import Fraction

from bot.core.history import Kept


def test_the_adds_of_several_people_are_one_share() -> None:
    team = Kept.over([Kept(kept=9, adds=9), Kept(kept=0, adds=3)])

    assert (team, team.share) == (Kept(kept=9, adds=12), Fraction(3, 4))


def test_few_adds_have_no_share() -> None:
    assert (Kept(kept=9, adds=9).share, Kept(kept=9, adds=10).share) == (None, Fraction(9, 10))

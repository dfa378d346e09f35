"""What an add is worth to a quota, and why: the first rule that applies decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from bot.core.quotas import FirstAdd, Quota
from bot.core.relations import Add


class Verdict(StrEnum):
    """The words shown to people and scripts: standing, and after a colon the reason."""

    COUNTED = "counted"
    NOT_FIRST = "rejected:not_first"

    @property
    def standing(self) -> str:
        """`counted`, `pending` or `rejected`."""
        return self.partition(":")[0]

    @property
    def reason(self) -> str | None:
        """The word after the colon, or None."""
        return self.partition(":")[2] or None


# A rule sees the quota and the adds that came through the rules before it, and answers for each: a verdict,
# or None to let it through. It sees them together because some rules weigh adds against each other.
Rule = Callable[[Quota, Sequence[Add]], Sequence[Verdict | None]]


def judge(adds: Sequence[Add], *, quota: Quota) -> list[Verdict]:
    """Return the verdict of each of one employee's *adds* of one period, in their order.

    *adds* are as of the time that is asked about. What no rule decides is counted.
    """
    verdicts = [Verdict.COUNTED] * len(adds)
    through = list(range(len(adds)))
    for rule in RULES:
        answers = rule(quota, [adds[index] for index in through])
        decided = dict(zip(through, answers, strict=True))
        verdicts = [decided.get(index) or verdict for index, verdict in enumerate(verdicts)]
        through = [index for index in through if decided[index] is None]
    return verdicts


def not_first(quota: Quota, adds: Sequence[Add]) -> Sequence[Verdict | None]:
    """`pair`: only the first add of a relation earns, in whatever period that was."""
    if quota.first_add is FirstAdd.ANY:
        return [None] * len(adds)
    return [Verdict.NOT_FIRST if add.nth > 1 else None for add in adds]


RULES: tuple[Rule, ...] = (not_first,)

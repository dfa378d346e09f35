"""Builders for tests of the budget: processes with clocks of their own, and what WeCom would see of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.store.budget import Share
from bot.store.store import Store
from bot.wecom.budget import ReadBudget, Wait

NOW = 1_795_000_000.0
SMALL = Share(per_minute=12, per_hour=40, in_flight=3, call_s=4)


@dataclass
class Wire:
    """What arrives at WeCom of one *api* from all processes; *now* is its clock."""

    api: str = "externalcontact/get"
    now: float = NOW
    begun: list[float] = field(default_factory=list)
    under_way: list[float] = field(default_factory=list)  # when each of them ends at the latest
    most_at_once: int = 0

    def arrives(self, *, call_s: float) -> None:
        """A call begins."""
        self.begun.append(self.now)
        self.under_way.append(self.now + call_s)
        self.most_at_once = max(self.most_at_once, len(self.under_way))

    def ends(self, until: float) -> None:
        """The call that may last until then ends."""
        self.under_way.remove(until)

    def most_within(self, seconds: float) -> int:
        """The most calls that began in any sliding window of so many seconds."""
        return max((sum(at - seconds < one <= at for one in self.begun) for at in self.begun), default=0)


@dataclass
class Process:
    """One process of an installation. *flying*: when each of its calls ends at the latest."""

    wire: Wire
    budget: ReadBudget
    api: str
    call_s: float
    flying: list[float] = field(default_factory=list)

    def begin(self) -> Wait | None:
        """Begin a call if it may."""
        wait = self.budget.begin(self.api)
        if wait is None:
            self.wire.arrives(call_s=self.call_s)
            self.flying.append(self.wire.now + self.call_s)
        return wait

    def end(self, errcode: int | None = 0) -> None:
        """End the oldest call under way, if there is one."""
        if self.flying:
            self.wire.ends(self.flying.pop(0))
            self.budget.end(self.api, errcode)

    def end_overdue(self) -> None:
        """No call lasts longer than it may."""
        while self.flying and self.flying[0] <= self.wire.now:
            self.end()

    def drain(self, *, most: int = 500) -> int:
        """Begin and end calls one after another until one has to wait; how many there were."""
        for number in range(most):
            if self.begin():
                return number
            self.end()
        raise AssertionError("it never has to wait")


def make_process(
    store: Store,
    wire: Wire,
    name: str,
    *,
    share: Share = SMALL,
    api: str = "",
    skew_s: float = 0.0,
    messages_due: bool = False,
) -> Process:
    """A process named *name* on *store*, whose clock is *skew_s* off."""
    budget = ReadBudget(
        store.budget,
        holder=name,
        real_time=lambda: wire.now + skew_s,
        messages_due=lambda: messages_due,
        share=share,
    )
    return Process(wire, budget, api or wire.api, share.call_s)

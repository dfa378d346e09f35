"""What happens in the bank on one day: customers come, go and come back; drawn from the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from builders.e2e import CHINA

from sandbox.history import Spec
from sandbox.people import Person
from sandbox.workdays import WorkCalendar
from sandbox.world import World, new_external_userid

_ADDS = (0, 0, 1, 2, 2, 3, 3, 4, 6)  # of one employee on one workday
_WORDS = ("进度", "明细", "排名", "帮助", "为什么", "静音", "取消静音", "规则", "团队", "随便")
_KEPT = 200  # customers of one employee who may still do something


@dataclass
class Story:
    """The customers that each employee has or had, and what comes of them."""

    world: World
    rng: random.Random
    employees: list[Person]
    alive: dict[str, list[str]] = field(default_factory=dict)
    gone: dict[str, list[str]] = field(default_factory=dict)
    calendar: WorkCalendar = field(default_factory=WorkCalendar)

    def day(self, day: date) -> list[Spec]:
        """Return the specs of *day* for `sandbox.events.compose`, in the order of their times."""
        is_workday = self.calendar.is_workday(day)
        specs: list[Spec] = []
        for person in self.employees:
            userid = person.userid
            alive, gone = self.alive.setdefault(userid, []), self.gone.setdefault(userid, [])
            for _ in range(self.rng.choice(_ADDS) if is_workday else int(self.rng.random() < 0.1)):
                external = new_external_userid(self.rng, prefix="wm")
                if gone and self.rng.random() < 0.05:
                    external = gone.pop(self.rng.randrange(len(gone)))
                if self.rng.random() < 0.05:
                    specs.append(self._spec("half_add", day, userid, external))
                alive.append(external)
                specs.append(self._spec("add", day, userid, external))
            if alive and self.rng.random() < 0.15:
                external = alive.pop(self.rng.randrange(len(alive)))
                gone.append(external)
                kind = self.rng.choice(("del_by_customer", "del_by_member"))
                specs.append(self._spec(kind, day, userid, external, late=True))
            if alive and self.rng.random() < 0.01:
                external = alive.pop(self.rng.randrange(len(alive)))
                to = self.rng.choice(self.employees).userid
                if to != userid:
                    specs.append(self._spec("transfer", day, userid, external, late=True, to=to))
            if is_workday and self.rng.random() < 0.2:
                specs.append(self._spec("text", day, userid, "", word=self.rng.choice(_WORDS)))
            del alive[:-_KEPT], gone[:-_KEPT]
        return sorted(specs, key=lambda spec: int(str(spec["at"])))

    def rename(self, old: str, new: str) -> None:
        """Let everything of an employee go on under another userid."""
        for customers in (self.alive, self.gone):
            if old in customers:
                customers[new] = customers.pop(old)

    def _spec(
        self, kind: str, day: date, userid: str, external: str, *, late: bool = False, **more: str
    ) -> Spec:
        """Return one spec; *late* ones are after working hours, so that the day's adds come before."""
        first, minutes = (time(18, 30), 240) if late else (time(8, 45), 540)
        at = datetime.combine(day, first, CHINA) + timedelta(seconds=self.rng.randrange(minutes * 60))
        if kind == "half_add":
            at = datetime.combine(day, time(8, 31), CHINA) + timedelta(seconds=self.rng.randrange(800))
        spec: Spec = {"kind": kind, "userid": userid, "at": int(at.timestamp()), **more}
        return {**spec, "external_userid": external} if external else spec

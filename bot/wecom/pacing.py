"""Limits on the rate of app messages [90236], counted in sliding windows of real time.

Above 30 a minute or 1,000 an hour to one member WeCom drops messages *silently*, so we stay below.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.core.counting import DAY_S
from bot.wecom.robot import robot_of

MEMBER_PER_MINUTE = 25
MEMBER_PER_HOUR = 900
ROBOT_PER_MINUTE = 18  # above 20 WeCom blocks the robot for a minute
# A minute's messages go evenly; some room, because they arrive a little earlier or later than they went.
_BURST_S, _EVEN = 10, 98
_ALWAYS = 100  # so many are no burst


@dataclass(slots=True)
class _Window:
    """At most *most* events within *seconds*."""

    seconds: int
    most: int
    times: deque[float] = field(default_factory=deque)

    def wait(self, now: float) -> float:
        """Return the seconds until one more is allowed; 0 if it is allowed now."""
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        if len(self.times) < self.most:
            return 0.0
        return self.times[-self.most] + self.seconds - now


class Pacer:
    """The moments when the next message may go. Not shared between threads."""

    def __init__(self, *, max_per_minute: int, max_per_day: int) -> None:
        per_burst = max(_ALWAYS, max_per_minute * _BURST_S * _EVEN // (60 * 100))
        self._app = (
            _Window(_BURST_S, per_burst),
            _Window(60, max_per_minute),
            _Window(DAY_S, max_per_day),
        )
        self._members: dict[str, tuple[_Window, _Window]] = {}

    def app_wait(self, now: float) -> float:
        """Return the seconds until the app may send anything."""
        return max(window.wait(now) for window in self._app)

    def member_wait(self, userid: str, now: float) -> float:
        """Return the seconds until *userid* may get another message."""
        return max(window.wait(now) for window in self._of(userid))

    def note(self, userid: str, now: float) -> None:
        """Count a tried message to *userid*; posts of a robot do not count for the app."""
        app = self._app if robot_of(userid) is None else ()
        for window in (*app, *self._of(userid)):
            window.times.append(now)

    def rebuild(self, tries: Iterable[tuple[str, int]]) -> None:
        """Count the outbox's tries, oldest first, after a start or a takeover."""
        for userid, at in tries:
            self.note(userid, at)

    def _of(self, userid: str) -> tuple[_Window, _Window]:
        if userid not in self._members:
            per_minute = MEMBER_PER_MINUTE if robot_of(userid) is None else ROBOT_PER_MINUTE
            self._members[userid] = (_Window(60, per_minute), _Window(3600, MEMBER_PER_HOUR))
        return self._members[userid]

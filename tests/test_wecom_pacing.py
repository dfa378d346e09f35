"""How fast messages may go: below WeCom's silent limits, in sliding windows."""

from __future__ import annotations

from bisect import bisect_left

from bot.core.counting import DAY_S
from bot.wecom.pacing import MEMBER_PER_HOUR, MEMBER_PER_MINUTE, Pacer

NOW = 1_000_000.0


def pacer(*, max_per_minute: int = 6000, max_per_day: int = 100_000) -> Pacer:
    return Pacer(max_per_minute=max_per_minute, max_per_day=max_per_day)


def test_a_member_gets_25_in_a_minute_and_the_next_one_a_minute_after_the_first() -> None:
    pace = pacer()
    for number in range(25):
        assert pace.member_wait("yg01", NOW + number) == 0
        pace.note("yg01", NOW + number)

    assert pace.member_wait("yg01", NOW + 25) == 35
    assert pace.member_wait("yg01", NOW + 59.5) == 0.5
    assert pace.member_wait("yg01", NOW + 60) == 0
    assert MEMBER_PER_MINUTE == 25


def test_members_do_not_wait_for_each_other() -> None:
    pace = pacer()
    for _ in range(25):
        pace.note("yg01", NOW)

    assert pace.member_wait("yg01", NOW) == 60
    assert pace.member_wait("yg02", NOW) == 0


def test_a_member_gets_900_in_an_hour() -> None:
    pace = pacer()
    sent, now = 0, NOW
    while now < NOW + 3600:
        if pace.member_wait("yg01", now) == 0:
            pace.note("yg01", now)
            sent += 1
        else:
            now += min(pace.member_wait("yg01", now), NOW + 3600 - now)

    assert sent == MEMBER_PER_HOUR == 900
    assert pace.member_wait("yg01", NOW + 3600) == 0


def test_the_app_sends_evenly_within_a_minute() -> None:
    pace, now, times = pacer(max_per_minute=7200, max_per_day=10**6), NOW, list[float]()
    while now < NOW + 60:
        if wait := pace.app_wait(now):
            now += wait
        else:
            pace.note(f"yg{len(times)}", now)
            times.append(now)
            now += 0.001

    assert most_within(times, 10) <= 1200
    assert len(times) >= 0.95 * 7200


def test_no_sliding_minute_or_hour_is_ever_over_the_limit() -> None:
    pace, now, times = pacer(), NOW, list[float]()
    while now < NOW + 4000:
        if pace.member_wait("yg01", now) == 0:
            pace.note("yg01", now)
            times.append(now)
        now += 0.7

    assert most_within(times, 60) <= 25
    assert most_within(times, 3600) <= 900


def most_within(times: list[float], seconds: float) -> int:
    """Return how many of the ascending *times* lie in one window at most, its end not included."""
    return max(bisect_left(times, start + seconds) - place for place, start in enumerate(times))


def test_the_app_waits_for_its_minute_whoever_the_receivers_are() -> None:
    pace = pacer(max_per_minute=3)
    for number in range(3):
        pace.note(f"yg0{number}", NOW + number)

    assert pace.app_wait(NOW + 2) == 58
    assert pace.app_wait(NOW + 60) == 0


def test_the_app_waits_for_its_day() -> None:
    pace = pacer(max_per_day=2)
    pace.note("yg01", NOW)
    pace.note("yg02", NOW + 100)

    assert pace.app_wait(NOW + 200) == DAY_S - 200
    assert pace.app_wait(NOW + DAY_S) == 0


def test_after_a_takeover_the_windows_are_as_they_were() -> None:
    first, second = pacer(max_per_minute=40), pacer(max_per_minute=40)
    tries = [("yg01" if number % 3 else "yg02", int(NOW) + number // 2) for number in range(37)]
    for userid, at in tries:
        first.note(userid, at)

    second.rebuild(tries)

    for later in (20, 45, 61, 90):
        assert second.app_wait(NOW + later) == first.app_wait(NOW + later)
        for userid in ("yg01", "yg02", "yg03"):
            assert second.member_wait(userid, NOW + later) == first.member_wait(userid, NOW + later)

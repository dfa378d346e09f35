"""What a member does by a word or a button: silence, leave, help, his contacts. Each returns the answer.

Some read numbers, which takes some tenths of a second: better not inside the transaction of an event, while
receivers wait for theirs. `store.words` keeps what was asked until it is answered after that. Each
is safe alone or in a transaction (but for `ask_for_help`), and done twice does no harm. Userids in lower
case; *at* is aware, by the service's clock: when it was said, which is what today means in it. *answered*:
when it is answered, if that is later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache

from bot.confirming import ask_leaders
from bot.core.leaves import run_from
from bot.core.progress import Branch
from bot.core.reviewers import Bank
from bot.core.workdays import ONE_DAY, epoch_of
from bot.explaining import Explanation, UnknownPersonError, explain
from bot.leading import leads
from bot.messages import Message, contacts, preferences
from bot.messages.contacts import Judged, Listed
from bot.naming import Names, names_of
from bot.services import Services
from bot.standing import everybody, standing_of
from bot.store.preferences import Way
from bot.telling import peace, put_unasked, unasked

HELP = "help"  # in the key of the message to a leader, with who asks
LONGEST_MUTE = timedelta(days=366)


def mute_today(
    services: Services,
    userid: str,
    *,
    at: datetime,
    way: Way = Way.BUTTON,
    answered: datetime | None = None,
) -> Message:
    """Nothing unasked for the rest of the local day; a silence that he wished for longer stays."""
    calendar = services.config.work_calendar()
    last, mute = calendar.local_day(at), services.store.preferences.mutes().get(userid)
    if mute is not None and (longer := calendar.day_of(mute.until - 1)) > last:
        local = calendar.local(answered or at)
        return preferences.muted(language=_language(services), last=longer, at=local)
    return mute_until(services, userid, last, at=at, way=way, answered=answered)


def mute_until(
    services: Services,
    userid: str,
    last: date,
    *,
    at: datetime,
    way: Way = Way.BUTTON,
    answered: datetime | None = None,
) -> Message:
    """Nothing unasked up to the local day *last*, included.

    Raises ValueError if it is over, or further off than LONGEST_MUTE.
    """
    calendar = services.config.work_calendar()
    today = calendar.local_day(at)
    if not today <= last <= today + LONGEST_MUTE:
        raise ValueError(f"a mute ends between today and {LONGEST_MUTE.days} days from now, not on {last}")
    until = calendar.start_of(last + ONE_DAY)
    services.store.preferences.mute(userid, until=until, since=epoch_of(at), way=way)
    return preferences.muted(language=_language(services), last=last, at=calendar.local(answered or at))


def unmute(services: Services, userid: str, *, at: datetime) -> Message:
    """As usual again."""
    calendar = services.config.work_calendar()
    mute = services.store.preferences.mutes().get(userid)
    services.store.preferences.unmute(userid)
    today = calendar.local_day(at)
    leaves = services.store.preferences.leaves().get(userid, ())
    away = [leave.last for leave in leaves if leave.first <= today <= leave.last]
    return preferences.unmuted(
        language=_language(services),
        was_muted=mute is not None and mute.until > epoch_of(at),
        away_until=max(away, default=None),
        at=calendar.local(at),
    )


def on_leave(
    services: Services,
    userid: str,
    *,
    at: datetime,
    first: date | None = None,
    last: date | None = None,
    answered: datetime | None = None,
) -> Message:
    """On leave from the local day *first* to *last*, both included; without them today. Only silences.

    His leaders are asked to confirm what he had not said before: best inside a transaction.
    Raises ValueError if *last* is before *first*, over, or more than a year from now.
    """
    calendar = services.config.work_calendar()
    today = calendar.local_day(at)
    first = first or today
    last = last or first
    if not max(first, today) <= last <= today + LONGEST_MUTE:
        raise ValueError(f"no leave to note from {first} to {last}")
    asked: list[str] = []
    if services.store.preferences.add_leave(userid, first, last, at=epoch_of(at)):
        asked = ask_leaders(services, userid, (first, last), at=at)
    local = calendar.local(answered or at)
    return preferences.on_leave(language=_language(services), first=first, last=last, asked=asked, at=local)


def back_from_leave(
    services: Services, userid: str, *, at: datetime, answered: datetime | None = None
) -> Message:
    """At work from the local day of *at*; leave that he said for later is called off, too.

    Leave that was confirmed or imported stays: his targets stand on it.
    """
    calendar, now = services.config.work_calendar(), answered or at
    today, person = calendar.local_day(at), everybody(services).get(userid)
    was_away = services.store.preferences.end_leave(userid, back_on=today)
    mute = services.store.preferences.mutes().get(userid)
    muted = mute is not None and mute.until > epoch_of(now)
    return preferences.back(
        language=_language(services),
        was_away=was_away,
        muted_until=calendar.moment(mute.until) if mute is not None and muted else None,
        recorded=None if person is None else run_from(person.absences, today),
        at=calendar.local(now),
    )


def helpers(services: Services, *, at: datetime) -> Callable[[str], bool]:
    """Say of whom a wish for help at *at* would reach somebody: a leader of his who may be told of it."""
    quiet, day = peace(services), services.config.work_calendar().local_day(at)
    bank = Bank(people=quiet.people, departments=services.directory.departments, day=day)

    @cache  # one leader has many people
    def is_told(leader: str) -> bool:
        return quiet.next_time(leader, at, kind=HELP) is not None

    return lambda userid: any(map(is_told, bank.leaders_of(userid)))


def ask_for_help(
    services: Services, userid: str, *, at: datetime, answered: datetime | None = None
) -> Message:
    """Tell his own leaders, once a day, at their next time at work. Nobody else learns of it.

    Not inside a transaction: it has one of its own, so that a wish which is noted has its messages.
    """
    calendar, language = services.config.work_calendar(), _language(services)
    now = answered or at
    local = calendar.local(now)
    quiet = peace(services)
    bank = Bank(people=quiet.people, departments=services.directory.departments, day=local.date())
    leaders = sorted(bank.leaders_of(userid))
    times = {leader: quiet.next_time(leader, now, kind=HELP) for leader in leaders}
    if not any(times.values()):
        return preferences.nobody_to_help(language=language, has_leader=bool(leaders), at=local)
    rows = standing_of(services, [userid], at=now).by_person.get(userid, ())
    wanted = preferences.help_wanted(language=language, name=quiet.people[userid].name, rows=rows, at=local)
    told: dict[str, datetime] = {}
    with services.store.transaction():
        if not services.store.preferences.wish_help(userid, calendar.local_day(at), at=epoch_of(at)):
            return preferences.help_told_before(language=language, at=local)
        for leader, moment in times.items():
            if moment is None:
                continue
            row = unasked(services, f"{HELP}:{userid}", leader, wanted, at=moment)
            put_unasked(services, row, quiet=quiet)
            # His day may be full: then it goes on a later one, or not at all.
            if (stored := services.store.outbox.by_key(row.key)) is not None:
                told[leader] = calendar.moment(stored["not_before"])
    if not told:
        return preferences.nobody_to_help(language=language, has_leader=True, at=local)
    names = [quiet.people[leader].name for leader in told]
    return preferences.help_told(language=language, leaders=names, by=max(told.values()), at=local)


def coach(services: Services, userid: str, whom: str, *, at: datetime) -> bool:
    """Note that *userid* will help *whom* on the local day of *at*.

    False if he does not lead him with nobody between, or one of the two has left.
    """
    today = services.config.work_calendar().local_day(at)
    if not leads(services, userid, whom, people=everybody(services), day=today):
        return False
    services.store.coaching.mark(userid, whom, today, at=epoch_of(at))
    return True


def list_contacts(
    services: Services,
    userid: str,
    *,
    at: datetime,
    page: int = 1,
    period: str | None = None,
    branch: Branch | None = None,
) -> Message:
    """Show him his contacts of the running periods, or of the one named, under numbers that `why` takes.

    The newest first. *branch* is read already, for the running periods. Raises ValueError for a name that is
    no period.
    """
    found = numbered(services, userid, at=at, period=period, branch=branch)
    customers = [one.external_userid for one in found]
    services.store.preferences.show(userid, customers, at=epoch_of(at))
    local = services.config.work_calendar().local(at)
    return contacts.listed(language=_language(services), contacts=found, page=page, at=local)


def numbered(
    services: Services,
    userid: str,
    *,
    at: datetime,
    period: str | None = None,
    branch: Branch | None = None,
) -> list[Listed]:
    """Return his contacts of the running periods, or of the one named, the newest first; nobody's are none.

    Raises ValueError for a name that is no period.
    """
    try:
        found = explain(services, userid, at=at, period=period, branch=branch)
    except UnknownPersonError:
        return []
    return _numbered(found, names_of(services, userid))


def _numbered(explanation: Explanation, names: Mapping[str, Names]) -> list[Listed]:
    judged: dict[tuple[datetime, str], list[Judged]] = {}
    ways: dict[tuple[datetime, str], int | None] = {}
    for quota in explanation.quotas:
        for one in quota.contacts:
            place = one.added_at, one.external_userid
            ways[place] = one.way
            judged.setdefault(place, []).append(
                Judged(
                    quota=quota.quota,
                    period=quota.period,
                    verdict=one.verdict,
                    reason=one.reason,
                    until=one.until,
                )
            )
    places: Sequence[tuple[datetime, str]] = sorted(judged, reverse=True)
    return [
        Listed(
            number=number,
            external_userid=place[1],
            names=names.get(place[1], ()),
            added_at=place[0],
            way=ways[place],
            judged=tuple(judged[place]),
        )
        for number, place in enumerate(places, start=1)
    ]


def _language(services: Services) -> str:
    return services.language

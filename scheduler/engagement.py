"""engagement: read WeCom's behaviour figures of all members and teams, and send no message.

Each call is about one member, because WeCom answers several with one sum. An interrupted reading continues
with the members that are not read yet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

import structlog

from bot.core.engagement import (
    MOST_DEPARTMENTS,
    MOST_USERIDS,
    ChatFigures,
    compute_team_rate,
    covers,
    final_upto,
    first_to_ask,
    last_day,
)
from bot.core.teams import upwards
from bot.core.workdays import epoch_of
from bot.features.standings.everybody import load_people
from bot.features.sync.lease import WorkLease
from bot.features.sync.lists import Tell
from bot.features.sync.reconcile import ignore_progress
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.engagement import Asked, Reading
from bot.wecom.asker import Asker, StoppedError
from bot.wecom.behavior import API, behavior
from bot.wecom.client import WeComClient
from bot.wecom.contacts import FOLLOW_USERS, follow_users
from bot.wecom.errors import AnswerError, ErrorKind, WeComError
from bot.wecom.reads import Reads

log = structlog.get_logger(__name__)

LEASE = "engagement"
_IN_A_ROW = 5  # members with calls that fail for a general reason: then the reading stops


def read_figures(
    services: Services,
    at: datetime,
    *,
    beat: Callable[[], None] = lambda: None,
    progress: Tell = ignore_progress,
) -> Reading:
    """Read all figures as of *at* (aware); return the finished reading.

    Call *beat* at least every few seconds, and *progress* at each step. Raises StoppedError if the reading
    cannot continue now; the same call continues later.
    """
    with services.reads() as reads:
        return read_with(services, reads, at=at, beat=services.beating(beat), progress=progress)


def read_with(
    services: Services,
    reads: Reads,
    *,
    at: datetime,
    beat: Callable[[], None] = lambda: None,
    progress: Tell = ignore_progress,
) -> Reading:
    """Read all figures over open *reads*."""
    keeper = WorkLease(services, lease=LEASE, busy=Sentence("sentences.reads_figures"), beat=beat)
    asker = Asker(reads, beat=keeper.keep)
    keeper.take(asker)
    try:
        return _Round(services, reads.client, asker, keeper, progress, at=at).run()
    finally:
        keeper.free()


class _Round:
    """One reading, from its present state to its end."""

    def __init__(
        self,
        services: Services,
        client: WeComClient,
        asker: Asker,
        keeper: WorkLease,
        tell: Tell,
        *,
        at: datetime,
    ) -> None:
        self._services = services
        self._store = services.store
        self._kept = services.store.engagement
        self._client = client
        self._asker = asker
        self._lease = keeper
        self._tell = tell
        self._at = at

    def run(self) -> Reading:
        reading = self._opened()
        try:
            self._read_members(reading)
            self._read_teams(reading)
        except StoppedError as error:
            self._kept.note(reading, str(error))
            raise
        with self._store.transaction():
            self._kept.end(reading, ended_at=int(self._lease.real_time()))
        if unknown := self._kept.members(Asked.UNKNOWN):
            log.warning("figures not read", members=len(unknown), reason=next(iter(unknown.values())))
        return self._kept.last() or reading

    def _opened(self) -> Reading:
        """Return the unfinished reading of the same days, else a new one."""
        last, reading = last_day(self._at), self._kept.unfinished()
        if reading is not None and reading.last_day == last:
            return reading
        userids = self._with_function() & self._employed()
        with self._store.transaction():
            return self._kept.begin(last_day=last, began_at=epoch_of(self._at), userids=userids)

    def _with_function(self) -> frozenset[str]:
        try:
            return self._asker.ask(FOLLOW_USERS, lambda token: follow_users(self._client, token=token))
        except WeComError as error:
            raise StoppedError(Sentence("sentences.who_has_function", why=str(error))) from None

    def _employed(self) -> frozenset[str]:
        day = self._services.config.work_calendar().local_day(self._at)
        people = load_people(self._services)
        return frozenset(userid for userid, person in people.items() if person.employed_on(day))

    # --- members ---

    def _read_members(self, reading: Reading) -> None:
        total = sum(self._kept.counts().values())
        wanted = list(self._kept.members(Asked.WANTED))
        failed: list[tuple[str, str]] = []  # in a row, for a general reason
        for number, userid in enumerate(wanted, start=total - len(wanted)):
            self._tell("members", number, total)
            try:
                days = self._days_of(userid, reading.last_day)
            except WeComError as error:
                if _is_personal(error):
                    self._give_up([(userid, str(error))])
                    continue
                failed.append((userid, str(error)))
                if len(failed) == _IN_A_ROW:
                    raise StoppedError(str(error)) from None
                continue
            self._give_up(failed)
            failed = []
            with self._store.transaction():
                self._kept.put(userid, days, final_upto=final_upto(self._at), read_at=epoch_of(self._at))
        self._give_up(failed)
        self._tell("members", total, total)

    def _days_of(self, userid: str, last: date) -> dict[date, ChatFigures]:
        first = first_to_ask(last, newest_final=self._kept.newest_final(userid))
        return self._asker.ask(
            API,
            lambda token: behavior(self._client, userids=[userid], first=first, last=last, token=token),
        )

    def _give_up(self, members: Sequence[tuple[str, str]]) -> None:
        if members:
            with self._store.transaction():
                for userid, reason in members:
                    self._kept.put_unknown(userid, reason)

    # --- teams ---

    def _read_teams(self, reading: Reading) -> None:
        own = self._kept.of_day(reading.last_day)
        read = self._kept.members(Asked.READ).keys() & own.keys()
        done = self._kept.teams_read(reading)
        teams = {team: people for team, people in self._teams(read).items() if team not in done}
        # A department may have the same people as the one below.
        asked: dict[tuple[str, ...], ChatFigures | None] = {}
        for number, (department, userids) in enumerate(sorted(teams.items())):
            self._tell("teams", number, len(teams))
            figures = [own[userid] for userid in userids]
            if userids not in asked:
                asked[userids] = self._together(department, userids, figures, reading.last_day)
            rate = compute_team_rate(figures, together=asked[userids])
            if rate is not None:
                with self._store.transaction():
                    self._kept.put_team(reading, department, rate)
        self._tell("teams", len(teams), len(teams))

    def _teams(self, userids: Sequence[str] | set[str]) -> dict[int, tuple[str, ...]]:
        """Return the members of *userids* in each department or below it."""
        day = self._services.config.work_calendar().local_day(self._at)
        people = load_people(self._services)
        found: dict[int, set[str]] = {}
        for userid in sorted(userids):
            for own in people[userid].membership_on(day).departments if userid in people else ():
                for department in upwards(own, self._services.directory.departments):
                    found.setdefault(department, set()).add(userid)
        return {department: tuple(sorted(team)) for department, team in found.items()}

    def _together(
        self, department: int, userids: Sequence[str], figures: Sequence[ChatFigures], day: date
    ) -> ChatFigures | None:
        """Return WeCom's answer about all of *userids* together; None if no call covers just these."""
        if len(userids) <= MOST_USERIDS:
            return self._asked_together(day, userids=userids)
        tree = self._services.directory.departments
        below = [one for one in tree.parents if one != department and tree.at_or_below(one, department)]
        for departments in ([department, *sorted(below)], [department]):
            if len(departments) > MOST_DEPARTMENTS:
                continue
            together = self._asked_together(day, departments=departments)
            if together is not None and covers(together, figures):
                return together
        return None

    def _asked_together(
        self, day: date, *, userids: Sequence[str] = (), departments: Sequence[int] = ()
    ) -> ChatFigures | None:
        try:
            days = self._asker.ask(
                API,
                lambda token: behavior(
                    self._client,
                    userids=userids,
                    departments=departments,
                    first=day,
                    last=day,
                    token=token,
                ),
            )
        except WeComError as error:
            log.info("WeCom did not give a team's figures", reason=str(error))
            return None
        return days.get(day)


def _is_personal(error: WeComError) -> bool:
    return isinstance(error, AnswerError) and error.kind is ErrorKind.RECEIVER


def work(services: Services, at: datetime, beat: Callable[[], None]) -> None:
    """Run the job of the timetable."""
    reading = read_figures(services, at, beat=beat)
    counts = services.store.engagement.counts()
    log.info(
        "read WeCom's behaviour figures",
        upto=reading.last_day.isoformat(),
        read=counts.get(Asked.READ, 0),
        unknown=counts.get(Asked.UNKNOWN, 0),
    )

"""Note since when a mode of the rollout holds, and say when it is time for the next one."""

from __future__ import annotations

from datetime import date

from bot.core.rollout import Mode
from bot.core.sync import Cause
from bot.core.workdays import epoch_of
from bot.features.outages.catch_up import withholds
from bot.features.reviews.cases import list_without_reviewer
from bot.features.rollout.rules import Advice, RolloutFacts, advise
from bot.features.sync.report import load_last_sync_report
from bot.messages.catalog import texts_in
from bot.services import Services

_MODE, _SINCE = "rollout_mode", "rollout_since"  # marks; the second in epoch s
_WHOLE_DAY = frozenset({"progress", "digest"})  # jobs of the morning and of the evening


def note_mode(services: Services, *, now: int) -> None:
    """Note that the configured mode holds from *now* (epoch s) on, unless it did before."""
    marks, mode = services.store.marks, services.config.rollout.mode
    if marks.get(_MODE) != mode:
        marks.put(_MODE, mode)
        marks.put(_SINCE, str(now))


def advise_installation(services: Services) -> Advice:
    """Return the next step of this installation and what is missing for it."""
    store, config, at = services.store, services.config, services.clock.now()
    report, today = load_last_sync_report(store), config.work_calendar().local_day(at)
    drift = 0 if report is None else report.found - report.causes.get(Cause.IMPORTED.value, 0)
    now = int(store.now())
    return advise(
        RolloutFacts(
            mode=Mode(config.rollout.mode),
            has_store=True,
            is_complete=not withholds(services),
            workdays=len(_whole_workdays(services)),
            drift=drift,
            dead=store.inbox.depth(now=now).dead + store.outbox.depth(now=now).dead,
            undecided=len(list_without_reviewer(config, services.directory, day=today)),
        )
    )


def advise_empty(mode: Mode) -> Advice:
    """Return the next step of an installation that was never started."""
    facts = RolloutFacts(
        mode=mode, has_store=False, is_complete=False, workdays=0, drift=0, dead=0, undecided=0
    )
    return advise(facts)


def describe_advice(advice: Advice, *, language: str) -> list[str]:
    """Return the next step in lines for people; none after the last."""
    texts = texts_in(language)
    if advice.next is None:
        return []
    if not advice.missing:
        return [texts.table("rollout.ready")[advice.next]]
    conditions = texts.table("rollout.missing")
    return [
        texts["rollout.not_yet"].say(mode=advice.next.value),
        *(f"- {conditions[missing].say(n=number)}" for missing, number in advice.missing),
    ]


def _whole_workdays(services: Services) -> list[date]:
    """Return the working days in this mode whose morning and evening jobs came to their end.

    A job waits until figures are complete, so such a day had complete ones.
    """
    store, calendar = services.store, services.config.work_calendar()
    if store.marks.get(_MODE) != services.config.rollout.mode:
        return []
    since = int(store.marks.get(_SINCE) or epoch_of(services.clock.now()))
    done: dict[date, set[str]] = {}
    for job, fire_at in store.runs.done_since(since):
        done.setdefault(calendar.day_of(fire_at), set()).add(job)
    return [day for day, jobs in sorted(done.items()) if jobs >= _WHOLE_DAY and calendar.is_workday(day)]

"""`quotabot review`: appeals, held adds, findings, changed userids, first days, and their decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.cli.inbox import up_to_date
from bot.cli.options import DAY, config_option, format_option, json_text, loaded
from bot.core.workdays import WorkCalendar
from bot.features.reviews import decide
from bot.features.reviews.cases import Case, load_cases
from bot.features.reviews.effect import Effect, effects_of
from bot.features.reviews.notice import decide_and_tell
from bot.messages.catalog import Texts, texts_in
from bot.services import Services

F = TypeVar("F", bound=Callable[..., Any])


@click.group()
def review() -> None:
    """List and decide appeals, held adds, findings, changed userids, first days: with name and reason."""


@review.command("list")
@config_option
@format_option("text", "json")
def list_(config_path: Path, form: str) -> None:
    """List the open cases and their reviewers. Changes nothing."""
    with _opened(config_path) as services:
        at, calendar = services.clock.now(), services.config.work_calendar()
        open_cases = load_cases(services, at=at)
        texts = texts_in(services.language)
    if form == "json":
        report = {
            "as_of": calendar.local(at).replace(microsecond=0).isoformat(),
            "cases": [as_json(case, calendar) for case in open_cases],
        }
        click.echo(json_text(report), nl=False)
        return
    for case in open_cases:
        click.echo(_for_people(case, calendar, texts))
    if not open_cases:
        click.echo(texts["cli.review.none"])


def _decision(command: F) -> F:
    """Add the arguments of `accept` and `reject`."""
    for option in (
        click.option("--reason", required=True, metavar="TEXT", help="Why; it is logged."),
        click.option("--by", required=True, metavar="NAME", help="Who decides: a userid, or a name."),
        click.option("--yes", is_flag=True, help="Decide without the question."),
        config_option,
        click.argument("case_ids", metavar="ID...", nargs=-1, required=True),
    ):
        command = option(command)
    return command


@review.command()
@_decision
@click.option(
    "--on",
    type=DAY,
    help="First working day of a new employee; the day of arrival if left out.",
)
def accept(
    config_path: Path, case_ids: Sequence[str], by: str, reason: str, on: datetime | None, *, yes: bool
) -> None:
    """Decide for the employee: the contact counts; a finding is cleared; two userids are one person.

    The effect on the figures is shown first. For a new employee the target is prorated from the first working
    day.

    \b
    quotabot review accept appeal:12 --by lisi --reason "the branch has the recording"
    quotabot review accept joiner:zhangsan --by "HR, Wang" --reason "contract" --on 2026-11-09
    """
    joined_on = None if on is None else on.date()
    decision = decide.CaseDecision(accept=True, by=by, reason=reason, joined_on=joined_on)
    _decide(config_path, case_ids, decision, yes=yes)


@review.command()
@_decision
def reject(config_path: Path, case_ids: Sequence[str], by: str, reason: str, *, yes: bool) -> None:
    """Decide against it: the contact keeps its own verdict; a finding is confirmed; they are two people.

    The effect on the figures is shown first.
    For a first working day: the employee did not join, but was there before and only became visible.

    \b
    quotabot review reject finding:burst:zhangsan:2026-11-23 --by lisi --reason "no event, no customers"
    """
    _decide(config_path, case_ids, decide.CaseDecision(accept=False, by=by, reason=reason), yes=yes)


@review.command("open")
@click.argument("userid")
@click.argument("external_userid")
@config_option
@click.option("--text", required=True, metavar="TEXT", help="What the employee says.")
@click.option("--quota", metavar="ID", help="Only under this quota; else under each that rejects it.")
@click.option("--period", metavar="NAME", help="In this period; else those of the contact's last add.")
def open_(
    config_path: Path, userid: str, external_userid: str, text: str, quota: str | None, period: str | None
) -> None:
    """Open an appeal for an employee about a contact that does not count.

    \b
    quotabot review open zhangsan wmAAAAxyz --text "deleted by mistake at the counter"
    """
    with _opened(config_path) as services:
        opened = decide.open_appeal(
            services,
            userid.lower(),
            external_userid,
            text=text,
            at=services.clock.now(),
            quota=quota,
            period=period,
        )
        texts = texts_in(services.language)
    for case in opened:
        who = _with_whom(case, texts)
        click.echo(texts["cli.review.opened"].say(id=case.id, place=_place(case, texts), who=who))


@review.command()
@click.argument("case_id", metavar="ID")
@config_option
@click.option("--text", required=True, metavar="TEXT", help="What the employee says.")
def answer(config_path: Path, case_id: str, text: str) -> None:
    """Enter an employee's answer to a finding; the reviewer is next.

    \b
    quotabot review answer finding:burst:zhangsan:2026-11-23 --text "open day of the branch"
    """
    with _opened(config_path) as services:
        case = decide.answer(services, case_id, text, at=services.clock.now())
        texts = texts_in(services.language)
    click.echo(texts["cli.review.answered"].say(id=case.id, who=_with_whom(case, texts)))


def _opened(config_path: Path) -> AbstractContextManager[Services]:
    return up_to_date(loaded(config_path), decide.ReviewError, ValueError)


def _decide(config_path: Path, case_ids: Sequence[str], decision: decide.CaseDecision, *, yes: bool) -> None:
    """Show the effect of each decision, ask once unless *yes*, then decide all cases."""
    with _opened(config_path) as services:
        at, texts = services.clock.now(), texts_in(services.language)
        found = [
            decide.find_decidable(services, case_id, decision, at=at) for case_id in dict.fromkeys(case_ids)
        ]
        for case in found:
            effects = effects_of(services, case, decision, at=at)
            for line in _effect(case.id, effects, texts) if case.proposal is None else ():
                click.echo(line)
        if not yes:
            ask = texts["cli.review.decision.ask_reject"]
            if decision.accept:
                ask = texts["cli.review.decision.ask_accept"]
            click.confirm(ask.say(n=len(found)), abort=True, err=True)
        for case in found:
            _, state = decide_and_tell(services, case.id, decision, at=at)
            shown = texts.table("cli.review.states")[state]
            click.echo(texts["cli.review.decision.decided"].say(id=case.id, state=shown, by=decision.by))


def _effect(case_id: str, effects: Sequence[Effect], texts: Texts) -> Iterator[str]:
    """Yield a line for each quota period with changed figures, else one line that nothing changes."""
    changed = [effect for effect in effects if effect.changes]
    for effect in changed:
        figures = texts["cli.review.names_comma"].join(
            texts["cli.review.decision.figure"].say(
                name=texts.table("cli.review.figures")[name],
                before="–" if before is None else before,
                after="–" if after is None else after,
            )
            for name, (before, after) in effect.changes.items()
        )
        about = {"quota": effect.quota, "period": effect.period, "figures": figures}
        yield texts["cli.review.decision.effect"].say(id=case_id, **about)
    if not changed:
        yield texts["cli.review.decision.no_effect"].say(id=case_id)


def as_json(case: Case, calendar: WorkCalendar) -> dict[str, Any]:
    """Return *case* for programs; times in the zone of *calendar*."""
    review, finding = case.review, case.finding
    return {
        "id": case.id,
        "kind": case.kind,
        "userid": case.userid,
        "quota": review.quota if review else None,
        "period": review.period if review else None,
        "external_userid": review.contact[1] if review else None,
        "added_at": calendar.moment(review.contact[2]).isoformat() if review else None,
        "verdict": case.verdict,
        "finding": finding.name.kind.value if finding else None,
        "subject": finding.name.subject if finding else None,
        "evidence": _evidence(case, calendar),
        "holds": [
            {"id": f"held:{held.number}", "quota": held.quota, "external_userid": held.contact[1]}
            for held in case.holds
        ],
        "old_userid": case.proposal.old_userid if case.proposal else None,
        "opened_at": calendar.moment(case.opened_at).isoformat(),
        "said": case.said,
        "waits_for": "employee" if case.level is None else "reviewer",
        "reviewers": list(case.reviewers),
        "until": case.until.isoformat(),
    }


def _evidence(case: Case, calendar: WorkCalendar) -> dict[str, Any] | None:
    if case.proposal is not None:
        return {"same": case.proposal.same, "living": case.proposal.living}
    if case.joiner is not None:
        joiner = case.joiner
        days = {"arrived_on": joiner.arrived_on.isoformat(), "listed_on": joiner.listed_on.isoformat()}
        return {"name": joiner.name, **days}
    if case.finding is None:
        return None
    shown = asdict(case.finding.evidence)
    return shown | {name: calendar.moment(shown[name]).isoformat() for name in ("first", "last")}


def _for_people(case: Case, calendar: WorkCalendar, texts: Texts) -> str:
    head = texts["cli.review.head"].say(id=case.id, userid=case.userid, place=_place(case, texts))
    about = (*_about(case, calendar, texts), _with_whom(case, texts))
    return "\n".join((head, *(f"  {line}" for line in about)))


def _about(case: Case, calendar: WorkCalendar, texts: Texts) -> Iterator[str]:
    """Yield what is known of *case*."""
    if case.review is not None:
        _, customer, added_at = case.review.contact
        added = f"{calendar.moment(added_at):%Y-%m-%d %H:%M}"
        verdict = case.verdict or texts["cli.review.gone"]
        yield texts["cli.review.contact"].say(customer=customer, added=added, verdict=verdict)
    if case.finding is not None:
        yield _seen(case, calendar, texts)
        if case.holds:
            customers = len({held.contact for held in case.holds})
            ids = " ".join(f"held:{held.number}" for held in case.holds)
            yield texts["cli.review.holds"].say(n=customers, ids=ids)
    if case.proposal is not None:
        pair = case.proposal
        yield texts["cli.review.proposal"].say(same=pair.same, living=pair.living, old=pair.old_userid)
    elif case.joiner is not None:
        came = case.joiner
        days = {"arrived": came.arrived_on, "listed": came.listed_on}
        yield texts["cli.review.joiner"].say(name=came.name, **days)
    elif case.said is not None:
        yield texts["cli.review.says"].say(text=case.said) if case.said else texts["cli.review.silent"]


def _place(case: Case, texts: Texts) -> str:
    if case.review is not None:
        return f"{case.review.quota} {case.review.period}"
    if case.proposal is not None:
        return texts["cli.review.renamed"]
    if case.joiner is not None:
        return texts["cli.review.first_day"]
    return texts["cli.review.question"]


def _seen(case: Case, calendar: WorkCalendar, texts: Texts) -> str:
    assert case.finding is not None  # noqa: S101 - the caller checked it
    evidence = case.finding.evidence
    first, last = calendar.moment(evidence.first), calendar.moment(evidence.last)
    forms = {
        "burst": texts["cli.review.seen_burst"],
        "shared": texts["cli.review.seen_shared"],
        "rollout": texts["cli.review.seen_rollout"],
        "quick_loss": texts["cli.review.seen_quick_loss"],
    }
    return forms[case.finding.name.kind.value].say(
        n=evidence.n,
        of=evidence.of,
        days=evidence.days,
        day=f"{first:%Y-%m-%d}",
        first=f"{first:%Y-%m-%d %H:%M}",
        last=f"{last:%H:%M}",
    )


def _with_whom(case: Case, texts: Texts) -> str:
    until = f"{case.until:%Y-%m-%d %H:%M}"
    if case.level is None:
        return texts["cli.review.may_answer"].say(userid=case.userid, until=until)
    if not case.reviewers:
        return texts["cli.review.nobody"]
    names = texts["cli.review.names_comma"].join(case.reviewers)
    up = texts["cli.review.one_up"].say(until=until) if case.level + 1 < len(case.levels) else ""
    return texts["cli.review.with"].say(names=names) + up

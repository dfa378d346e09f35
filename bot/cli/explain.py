"""`quotabot explain`: every contact of one employee, and why it counts, is pending or does not count."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from bot.cli.inbox import up_to_date
from bot.cli.options import (
    SHOWN_ID,
    at_option,
    config_option,
    format_option,
    json_text,
    loaded,
    moment,
    no_period,
)
from bot.features.contacts.explain import Explained, ExplainedQuota, Explanation, UnknownPersonError
from bot.features.contacts.explain import explain as explained
from bot.messages.catalog import Texts, texts_in


@click.command()
@click.argument("userid")
@click.argument("external_userid", required=False)
@config_option
@at_option("As of this time (ISO 8601); now if left out.")
@click.option("--period", metavar="NAME", help="2026-11-23, 2026-W48, 2026-11, 2026-Q4 or 2026.")
@format_option("text", "json")
def explain(
    userid: str, external_userid: str | None, config_path: Path, at: str | None, period: str | None, form: str
) -> None:
    """Show every contact of an employee: verdict, reason, until when, and its events. Changes nothing.

    \b
    quotabot explain zhangsan
    quotabot explain zhangsan 0001 --period 2026-11 --format json
    """
    with up_to_date(loaded(config_path), UnknownPersonError) as services:
        when = moment(at, services.config, now=services.clock.now())
        try:
            explanation = explained(
                services,
                userid,
                at=when,
                external_userid=external_userid,
                period=period,
                language="en" if form == "json" else "",
            )
        except ValueError:
            raise no_period(period or "") from None
    texts = texts_in(services.language)
    for quota in explanation.quotas:
        if quota.closed:
            click.echo(_closed(quota, texts), err=True)
    if form == "json":
        click.echo(json_text(_plain(explanation)), nl=False)
    else:
        click.echo(_as_tables(explanation, texts), nl=False)


def _closed(quota: ExplainedQuota, texts: Texts) -> str:
    line, sums = quota.stored, str(texts["cli.explain.no_line"])
    if line is not None:
        figures = {name: getattr(line, name) for name in ("counted", "gross", "rejected", "target")}
        sums = texts["cli.explain.sums"].say(**figures)
    state = texts["cli.explain.final"] if quota.final else texts["cli.explain.preliminary"]
    about = {"quota": quota.quota, "period": quota.period}
    return texts["cli.explain.closed"].say(state=state, sums=sums, **about)


def _plain(explanation: Explanation) -> dict[str, Any]:
    return {
        "as_of": explanation.as_of.isoformat(),
        "userid": explanation.person.userid,
        "quotas": [
            {
                "quota": quota.quota,
                "period": quota.period,
                "contacts": [_contact(contact) for contact in quota.contacts],
            }
            for quota in explanation.quotas
        ],
    }


def _contact(contact: Explained) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "external_userid": contact.external_userid,
        "added_at": contact.added_at.isoformat(),
        "verdict": contact.verdict.value,
        "open": contact.open,
        "reason": contact.reason,
        "until": None if contact.until is None else contact.until.isoformat(),
        "events": [
            {"kind": event.kind, "at": event.at.isoformat(), "source": event.source}
            for event in contact.events
        ],
    }
    return plain | ({"self_declared": list(contact.self_declared)} if contact.self_declared else {})


def _as_tables(explanation: Explanation, texts: Texts) -> str:
    text = io.StringIO()
    # Names and reasons are people's texts, not markup.
    console = Console(
        file=text, width=max(Console().width, 100), force_terminal=False, markup=False, highlight=False
    )
    person = explanation.person
    if not explanation.quotas:
        console.print(texts["reasons.no_quota"].say(userid=person.userid, name=person.name))
    for quota in explanation.quotas:
        about = {"quota": quota.quota, "period": quota.period, "userid": person.userid}
        title = texts["reasons.title"].say(**about, at=f"{explanation.as_of:%Y-%m-%d %H:%M}")
        console.print(
            _table(title, quota, texts) if quota.contacts else f"{title} · {texts['reasons.no_contacts']}"
        )
    return text.getvalue()


def _table(title: str, quota: ExplainedQuota, texts: Texts) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    *short, why, events = texts.each("reasons.columns")
    for heading in short:
        table.add_column(heading, no_wrap=True)
    table.add_column(why, overflow="fold")
    table.add_column(events, no_wrap=True)
    outcomes, kinds = texts.table("contacts.standing"), texts.table("pages.review.events")
    for contact in quota.contacts:
        table.add_row(
            f"{contact.added_at:%m-%d %H:%M}",
            f"…{contact.external_userid[-SHOWN_ID:]}",
            outcomes[contact.verdict.outcome],
            _why(contact, texts),
            "\n".join(f"{event.at:%m-%d %H:%M} {kinds[event.kind]}" for event in contact.events),
        )
    return table


def _why(contact: Explained, texts: Texts) -> str:
    if not contact.self_declared:
        return contact.reason
    declared = texts["reasons.self_declared"].say(facts=texts["reasons.comma"].join(contact.self_declared))
    return f"{contact.reason}\n{declared}"

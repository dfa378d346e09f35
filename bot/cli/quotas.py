"""`quotabot quotas`: the effect of a changed file, and the parts that may apply at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.inbox import up_to_date
from bot.cli.options import config_option, format_option, json_text, loaded
from bot.features.rules.announce import adopt_and_announce, news_of
from bot.features.rules.announcement import said_of
from bot.features.rules.change_sentences import sentence
from bot.features.rules.changes import QuotaChange, SectionChange, find_pending_changes, find_section_changes
from bot.features.rules.diff import Difference
from bot.messages.catalog import Texts, texts_in
from bot.messages.sentences import Sentence, in_language
from bot.services import Services


@click.group()
def quotas() -> None:
    """Show and adopt changes of the rules, which are otherwise frozen for the running period."""


@quotas.command()
@config_option
@format_option("text", "json")
def diff(config_path: Path, form: str) -> None:
    """Show in sentences what the changed file would change, for whom and from when. Changes nothing.

    \b
    quotabot quotas diff
    """
    with up_to_date(loaded(config_path)) as services:
        changes = find_pending_changes(services, at=services.clock.now())
        _print(services, changes, form, adopted_by=None)


@quotas.command("adopt")
@config_option
@click.option("--by", required=True, metavar="NAME", help="Who adopts: it stands in the audit log.")
@format_option("text", "json")
def adopt_(config_path: Path, by: str, form: str) -> None:
    """Adopt for the running periods what makes nobody worse off; the rest waits for the next period.

    The people concerned are told of both; a service sends the messages.

    \b
    quotabot quotas adopt --by "HR, Wang"
    """
    with up_to_date(loaded(config_path)) as services:
        changes, planned = adopt_and_announce(services, by=by, at=services.clock.now())
        services.outbox_signal.ring()
        _print(services, changes, form, adopted_by=by)
        texts = texts_in(services.language)
        click.echo(texts["cli.quotas.planned"].say(n=planned), err=True)


def _print(services: Services, changes: list[QuotaChange], form: str, *, adopted_by: str | None) -> None:
    language, sections = services.language, find_section_changes(services)
    if form == "json":
        report = {
            "adopted_by": adopted_by,
            "changes": [_as_json(change, language, adopted=adopted_by is not None) for change in changes],
            "sections": [
                {"key": item.key, "sentence": _of_section(item, language), "from": item.since.isoformat()}
                for item in sections
            ],
        }
        click.echo(json_text(report), nl=False)
        return
    texts = texts_in(language)
    for change in changes:
        for text in said_of(news_of(change), language=language):
            click.echo(text)
        for line in _meaning(change, texts, adopted=adopted_by is not None):
            click.echo(f"  {line}")
    for section in sections:
        click.echo(_of_section(section, language))
    if not changes and not sections:
        click.echo(texts["cli.quotas.nothing"])


def _of_section(change: SectionChange, language: str) -> str:
    """Say the change of one key of a section, and from when it holds."""
    texts = texts_in(language)
    about = {"key": change.key, "old": change.old, "new": change.new}
    if change.key == "money.cap_per_month":
        return texts["cli.quotas.months"].say(since=f"{change.begins_on:%Y-%m}", **about)
    if change.key == "ledger.regain_days":
        return texts["cli.quotas.losses"].say(since=change.since, **about)
    key = Difference(key=change.key, old=change.old, new=change.new, lenient=False)
    return texts["cli.quotas.adds"].say(what=sentence(key, language=language), since=change.since)


def _meaning(change: QuotaChange, texts: Texts, *, adopted: bool) -> list[str]:
    dates = in_language(texts, dates_of(change))
    return [_effect(change, texts, adopted=adopted), *([dates] if dates else [])]


def dates_of(change: QuotaChange) -> str:
    """Say in one line when another kind of period begins; empty if the kind stays the same."""
    last, following = change.last_old, change.following
    if last is None:
        return ""
    about = {"until": str(last.last), "old": last.name, "first": str(following.first), "new": following.name}
    dates = Sentence("cli.quotas.another_kind", **about)
    if not last.cut_from:
        return dates
    return Sentence("cli.quotas.cut", dates=dates, period=last.name, last=str(last.last))


def _effect(change: QuotaChange, texts: Texts, *, adopted: bool) -> str:
    """Return for how many people a change holds, and from when."""
    running, following = change.running.name, change.following.name
    waits = texts["cli.quotas.waits"].say(running=running, following=following)
    if change.adoptable and not change.waiting:
        what: str = texts["cli.quotas.holds_now"] if adopted else texts["cli.quotas.may_hold"]
    elif change.adoptable:
        keys = ", ".join(item.key for item in change.adoptable)
        form = texts["cli.quotas.in_part_now"] if adopted else texts["cli.quotas.in_part"]
        what = form.say(keys=keys, waits=waits)
    else:
        what = waits if change.old is not None else texts["cli.quotas.begins"].say(following=following)
    return texts["cli.quotas.people"].say(n=len(change.people), what=what)


def _as_json(change: QuotaChange, language: str, *, adopted: bool) -> dict[str, Any]:
    return {
        "quota": change.quota,
        "running": change.running.name,
        "following": change.following.name,
        "begins_on": change.following.first.isoformat(),
        "cut": last.name if (last := change.last_old) is not None and last.cut_from else None,
        "new": change.old is None,
        "removed": change.new is None,
        "people": list(change.people),
        "keys": [
            {
                "key": item.key,
                "sentence": sentence(item, language=language),
                "adoptable": item in change.adoptable,
                "from": (change.running if adopted and item in change.adoptable else change.following).name,
            }
            for item in change.differences
        ],
    }

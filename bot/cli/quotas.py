"""`quotabot quotas`: the effect of a changed file, and the parts that may apply at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.inbox import up_to_date
from bot.cli.options import config_option, format_option, json_text, loaded
from bot.features.rules.announce import adopt_and_announce, news_of
from bot.features.rules.announcement import said_of
from bot.features.rules.change_report import meaning_of, section_said
from bot.features.rules.change_sentences import sentence
from bot.features.rules.changes import QuotaChange, find_pending_changes, find_section_changes
from bot.messages.catalog import texts_in
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
                {"key": item.key, "sentence": section_said(item, language), "from": item.since.isoformat()}
                for item in sections
            ],
        }
        click.echo(json_text(report), nl=False)
        return
    texts = texts_in(language)
    for change in changes:
        for text in said_of(news_of(change), language=language):
            click.echo(text)
        for line in meaning_of(change, texts, adopted=adopted_by is not None):
            click.echo(f"  {line}")
    for section in sections:
        click.echo(section_said(section, language))
    if not changes and not sections:
        click.echo(texts["cli.quotas.nothing"])


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

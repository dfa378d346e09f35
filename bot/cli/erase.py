"""`quotabot erase`: a customer's personal data, everywhere."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot.cli.inbox import up_to_date
from bot.cli.options import config_option, format_option, json_text, loaded, user_name
from bot.core.workdays import epoch_of
from bot.features.privacy.erase import UnknownCustomerError
from bot.features.privacy.erase import erase as erase_customer
from bot.messages.catalog import texts_in


@click.command()
@click.argument("external_userid")
@config_option
@click.option("--by", metavar="NAME", help="Who erases; the user of this computer if left out.")
@format_option("text", "json")
def erase(external_userid: str, config_path: Path, by: str | None, form: str) -> None:
    """Remove a customer's personal data everywhere; figures stay. It cannot be undone.

    Later events and lists about these contacts are not stored. Older backups still hold the customer.

    \b
    quotabot erase wmAAAAxyz --by "Data protection, Li"
    """
    with up_to_date(loaded(config_path)) as services:
        texts, folder = texts_in(services.language), services.config.backup.folder
        try:
            done = erase_customer(
                services.store,
                external_userid.strip(),
                by=by or user_name(),
                at=epoch_of(services.clock.now()),
            )
        except UnknownCustomerError:
            click.echo(texts["cli.erase.unknown"], err=True)
            sys.exit(1)
    is_clean = done.is_clean and not done.left
    backups = len(list(folder.glob("quotabot-[0-9]*"))) if folder is not None else 0
    if form == "json":
        left = [f"{table}.{column}" for table, column in done.left]
        report = {"relations": done.relations, "clean": is_clean, "left": left, "older_backups": backups}
        click.echo(json_text(report), nl=False)
    else:
        click.echo(texts["cli.erase.done"].say(n=done.relations))
        click.echo(texts["cli.erase.clean"] if is_clean else texts["cli.erase.left"])
        click.echo(texts["cli.erase.backups"].say(n=backups))
    sys.exit(0 if is_clean else 1)

"""`quotabot menu`: the app's menu in WeCom."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot.app.bootstrap import open_existing
from bot.app.menu import push_menu
from bot.cli.options import config_option, loaded
from bot.features.chat.menu import groups
from bot.messages.catalog import texts_in
from bot.messages.sentences import in_language
from bot.wecom.errors import WeComError
from bot.wecom.token import TokenError


@click.group()
def menu() -> None:
    """Manage the app's menu in WeCom: its buttons stand for chat commands of members."""


@menu.command()
@config_option
def push(config_path: Path) -> None:
    """Create the menu, or replace it, in the language of [locale]. WeCom shows it within some minutes.

    \b
    quotabot menu push
    """
    config = loaded(config_path)
    with open_existing(config) as services:
        language, texts = services.language, texts_in(services.language)
        try:
            push_menu(services)
        except (TokenError, WeComError) as error:
            why = in_language(texts, str(error))
            click.echo(texts["cli.menu.failed"].say(why=why), err=True)
            sys.exit(1)
    for name, buttons in groups(language=language):
        click.echo(texts["cli.menu.buttons"].say(name=name, buttons=" · ".join(buttons.values())))

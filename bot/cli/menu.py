"""`quotabot menu`: the app's menu in WeCom."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot.app.bootstrap import forget_other_app, open_existing, token_keeper, wecom_client
from bot.cli.options import config_option, loaded
from bot.features.chat.menu import groups
from bot.features.chat.menu import menu as menu_of
from bot.messages.catalog import texts_in
from bot.messages.sentences import in_language
from bot.wecom.errors import WeComError
from bot.wecom.token import TokenError, with_token


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
        forget_other_app(services)
        client = wecom_client(config)
        try:
            with_token(
                token_keeper(services, client),
                lambda token: client.create_menu(
                    config.wecom.agent_id, menu_of(language=language), token=token
                ),
            )
        except (TokenError, WeComError) as error:
            why = in_language(texts, str(error))
            click.echo(texts["cli.menu.failed"].say(why=why), err=True)
            sys.exit(1)
        finally:
            client.close()
    for name, buttons in groups(language=language):
        click.echo(texts["cli.menu.buttons"].say(name=name, buttons=" · ".join(buttons.values())))

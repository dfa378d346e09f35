"""Create the app's menu in WeCom."""

from __future__ import annotations

from contextlib import closing

from bot.app.bootstrap import forget_other_app, token_keeper, wecom_client
from bot.features.chat.menu import menu
from bot.services import Services
from bot.wecom.token import with_token


def push_menu(services: Services) -> None:
    """Create the menu, or replace it, in the language of the configuration. Raises TokenError, WeComError."""
    forget_other_app(services)
    with closing(wecom_client(services.config)) as client:
        with_token(
            token_keeper(services, client),
            lambda token: client.create_menu(
                services.config.wecom.agent_id, menu(language=services.language), token=token
            ),
        )

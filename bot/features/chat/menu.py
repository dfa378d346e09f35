"""The app's menu in WeCom: a button for each command, in the language of the configuration."""

from __future__ import annotations

from typing import Any

from bot.features.chat.commands import Command
from bot.messages.catalog import texts_in

# WeCom allows three groups of at most five buttons [90231].
_GROUPS: tuple[tuple[Command, ...], ...] = (
    (Command.PROGRESS, Command.LIST, Command.RANK, Command.RULES, Command.PRIVACY),
    (Command.MUTE_TODAY, Command.UNMUTE, Command.LEAVE_TODAY, Command.BACK, Command.WANT_HELP),
    (Command.TEAM, Command.NEEDS_HELP, Command.EXPORT, Command.HELP),
)


def groups(*, language: str) -> list[tuple[str, dict[Command, str]]]:
    """Return each group's name and the names of its buttons."""
    texts = texts_in(language)
    buttons = texts.table("menu.buttons")
    names = zip(texts.each("menu.groups"), _GROUPS, strict=True)
    return [(name, {word: buttons[word] for word in words}) for name, words in names]


def menu(*, language: str) -> dict[str, Any]:
    """Return the menu in WeCom's format; a button's key is a command that the chat understands."""
    return {
        "button": [
            {
                "name": name,
                "sub_button": [
                    {"type": "click", "name": label, "key": word.value.replace(" ", "-")}
                    for word, label in buttons.items()
                ],
            }
            for name, buttons in groups(language=language)
        ]
    }

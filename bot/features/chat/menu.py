"""The app's menu in WeCom: buttons that stand for words, in the language of the configuration."""

from __future__ import annotations

from typing import Any

from bot.features.chat.commands import Command
from bot.messages.catalog import texts_in

# Three groups of at most five [90231]: each button stands for a word.
_GROUPS: tuple[tuple[Command, ...], ...] = (
    (Command.PROGRESS, Command.LIST, Command.RANK, Command.RULES, Command.PRIVACY),
    (Command.MUTE_TODAY, Command.UNMUTE, Command.LEAVE_TODAY, Command.BACK, Command.WANT_HELP),
    (Command.TEAM, Command.NEEDS_HELP, Command.EXPORT, Command.HELP),
)


def groups(*, language: str) -> list[tuple[str, dict[Command, str]]]:
    """Return the name of each group and those of its buttons."""
    texts = texts_in(language)
    buttons = texts.table("menu.buttons")
    names = zip(texts.each("menu.groups"), _GROUPS, strict=True)
    return [(name, {word: buttons[word] for word in words}) for name, words in names]


def menu(*, language: str) -> dict[str, Any]:
    """Return the menu as WeCom wants it; the key of a button is a word that is understood when it is sent."""
    return {
        "button": [
            {
                "name": name,
                "sub_button": [
                    {"type": "click", "name": said, "key": word.value.replace(" ", "-")}
                    for word, said in buttons.items()
                ],
            }
            for name, buttons in groups(language=language)
        ]
    }

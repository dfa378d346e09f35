"""The app's menu in WeCom: buttons that stand for words, in the language of the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.words import Word

# Three groups of at most five [90231]: a name, then buttons by the word for which each stands.
Groups = Sequence[tuple[str, Mapping[Word, str]]]

GROUPS: Mapping[str, Groups] = {
    "zh-CN": (
        (
            "我的",
            {
                Word.PROGRESS: "进度",
                Word.LIST: "明细",
                Word.RANK: "排名",
                Word.RULES: "规则",
                Word.PRIVACY: "隐私",
            },
        ),
        (
            "静一静",
            {
                Word.MUTE_TODAY: "今天别提醒",
                Word.UNMUTE: "取消静音",
                Word.LEAVE_TODAY: "我在休假",
                Word.BACK: "取消请假",
                Word.WANT_HELP: "请人帮忙",
            },
        ),
        (
            "更多",
            {
                Word.TEAM: "团队（主管）",
                Word.NEEDS_HELP: "需帮助（主管）",
                Word.EXPORT: "导出（主管）",
                Word.HELP: "帮助",
            },
        ),
    ),
    "en": (
        (
            "Mine",
            {
                Word.PROGRESS: "Progress",
                Word.LIST: "List",
                Word.RANK: "Rank",
                Word.RULES: "Rules",
                Word.PRIVACY: "Privacy",
            },
        ),
        (
            "Quiet",
            {
                Word.MUTE_TODAY: "Mute today",
                Word.UNMUTE: "Unmute",
                Word.LEAVE_TODAY: "On leave today",
                Word.BACK: "End leave",
                Word.WANT_HELP: "Ask for help",
            },
        ),
        (
            "More",
            {
                Word.TEAM: "Team (leaders)",
                Word.NEEDS_HELP: "Needs help (leaders)",
                Word.EXPORT: "Export (leaders)",
                Word.HELP: "Help",
            },
        ),
    ),
}


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
            for name, buttons in GROUPS[language]
        ]
    }

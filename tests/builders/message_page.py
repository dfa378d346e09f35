"""docs/examples/messages.md in both languages: every kind of message, as the program writes it.

`PYTHONPATH=tests .venv/bin/python -m builders.message_page` writes the pages anew.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.messages.cards import as_card, card_text
from bot.messages.message import as_markdown, as_text
from builders.docs import LANGUAGES, path_of
from builders.messages import examples

NAME = "examples/messages"
# By the heading of builders.messages.examples: the title in English and in Chinese.
TITLES = {
    "progress": ("Morning progress", "早上的进度"),
    "progress, two quotas": ("Morning progress, two quotas", "早上的进度，两项指标"),
    "progress, enough": ("Morning progress, nothing to do", "早上的进度，已经够了"),
    "reminder": ("Reminder", "提醒"),
    "reminder, help": ("Reminder with an offer of help", "提醒，问要不要帮忙"),
    "statement": ("Statement of the day", "当日证明"),
    "statement, looked at": ("A code that was looked at", "核对校验码"),
    "digest": ("Leader's digest", "主管简报"),
    "digest, nobody to help": ("Leader's digest, nobody to help", "主管简报，没有需要先帮的人"),
    "digest, over teams": ("Digest of a leader of leaders", "管主管的人的简报"),
    "digest, incomplete": ("Leader's digest, figures may be incomplete", "主管简报，数字可能不全"),
    "weekly": ("The week", "周报"),
    "weekly, enough": ("The week, nothing to do", "周报，已经够了"),
    "weekly, help": ("The week with an offer of help", "周报，问要不要帮忙"),
    "weekly, leader": ("The week of a team", "主管的周报"),
    "weekly, over teams": ("The week of a leader of leaders", "管主管的人的周报"),
    "weekly, both": ("The week of a leader with a quota", "自己也有指标的主管的周报"),
    "close": ("Result of a period, missed", "周期结果，未达标"),
    "close, met": ("Result of a period, met", "周期结果，已达标"),
    "question": ("A question about adds", "关于新增的提问"),
    "question, near the start": ("A question near the first start", "启用前后的提问"),
    "question, several": ("Several questions", "几个提问"),
    "review": ("Cases to decide", "待决定的事项"),
    "review, a changed userid": ("A changed userid", "账号变更"),
    "decided, an appeal": ("A decided appeal", "申诉的决定"),
    "decided, a question": ("A settled question", "提问的决定"),
    "leave": ("Leave to confirm", "确认请假"),
    "leave, confirmed": ("Confirmed leave", "已确认的请假"),
    "rules": ("Changed rules", "规则变更"),
    "admin": ("Administrators", "管理员"),
    "group": ("A post in a group", "群消息"),
}
_HEADS = {
    "en": (
        "Examples of messages",
        "[中文](messages.zh-CN.md)",
        "Written by the program, in November 2026. What each is, and for whom: [messages](../messages.md).",
        ("Text", "Card", "Markdown"),
    ),
    "zh-CN": (
        "消息示例",
        "[English](messages.md)",
        "由程序写出，时间为 2026 年 11 月。各是什么、给谁，见[消息](../messages.zh-CN.md)。",
        ("文本", "卡片", "markdown"),
    ),
}
# Examples that the page also shows as cards.
CARDS = frozenset(
    (
        *("progress", "reminder", "reminder, help", "digest", "digest, over teams", "weekly"),
        *("weekly, leader", "weekly, over teams", "weekly, both", "close", "leave"),
    )
)
AS_MARKDOWN = "progress, enough"


def page(language: str) -> str:
    """Return the page in *language*."""
    title, other, intro, _ = _HEADS[language]
    return "\n".join([f"# {title}", "", other, "", intro, *_parts(language)])


def _parts(language: str) -> Iterator[str]:
    text, card, markdown = _HEADS[language][3]
    for heading, message in examples(language).items():
        yield f"\n## {TITLES[heading][LANGUAGES.index(language)]}\n"
        yield f"{text}\n\n```text\n{as_text(message)}\n```"
        if heading in CARDS:
            shown = as_card(message, language=language, task_id="qb-1")
            assert shown is not None
            yield f"\n{card}\n\n```text\n{card_text(shown)}\n```"
        if heading == AS_MARKDOWN:
            yield f"\n{markdown}\n\n```text\n{as_markdown(message)}\n```"
    yield ""


if __name__ == "__main__":
    for one in LANGUAGES:
        path_of(NAME, one).write_text(page(one), encoding="utf-8")

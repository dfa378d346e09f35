"""Chat commands: which command a text means, and its argument.

Spaces, width, case, punctuation, emoji and traditional characters do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum


class Command(StrEnum):
    """A chat command; the values are the names in the English menu."""

    PROGRESS = "progress"
    RANK = "rank"
    LIST = "list"
    WHY = "why"
    APPEAL = "appeal"
    ANSWER = "answer"
    MUTE = "mute"
    MUTE_TODAY = "mute today"
    UNMUTE = "unmute"
    LEAVE = "leave"
    LEAVE_TODAY = "on leave"
    BACK = "leave end"
    WANT_HELP = "help wanted"
    RULES = "rules"
    PRIVACY = "privacy"
    HELP = "help"
    TEAM = "team"
    VERIFY = "verify"
    NEEDS_HELP = "needs-help"
    COACH = "coach"
    CONFIRM_LEAVE = "confirm-leave"
    EXPORT = "export"


# Commands without an argument, then those with one; names in Chinese first, then in English.
_ALONE: Mapping[Command, tuple[str, ...]] = {
    Command.PROGRESS: ("进度", "我的进度", "progress"),
    Command.RANK: ("排名", "名次", "rank"),
    Command.MUTE_TODAY: ("今天别提醒", "静音今天", "mutetoday"),
    Command.UNMUTE: ("取消静音", "恢复提醒", "unmute"),
    Command.LEAVE_TODAY: ("我在休假", "onleave"),
    Command.BACK: ("取消请假", "销假", "leaveend", "endleave"),
    Command.WANT_HELP: ("请人帮忙", "求助", "helpwanted", "askforhelp"),
    Command.RULES: ("规则", "rules", "rule"),
    Command.PRIVACY: ("隐私", "privacy"),
    Command.HELP: ("帮助", "help", "?"),
    Command.TEAM: ("团队", "team"),
    Command.NEEDS_HELP: ("需帮助", "需要帮助", "落后", "needshelp", "needhelp"),
    Command.EXPORT: ("导出", "export"),
}
_FOLLOWED: Mapping[Command, tuple[str, ...]] = {
    Command.LIST: ("明细", "list"),
    Command.WHY: ("为什么", "why"),
    Command.APPEAL: ("申诉", "appeal"),
    Command.ANSWER: ("回答", "answer"),
    Command.MUTE: ("静音", "mute"),
    Command.LEAVE: ("请假", "休假", "leave"),
    Command.VERIFY: ("验证", "核对", "校验码", "verify", "code"),
    Command.COACH: ("我来帮", "coach"),
    Command.CONFIRM_LEAVE: ("确认请假", "confirm-leave", "confirmleave"),
}
# Commands that only leaders may use.
LED = frozenset(
    (Command.TEAM, Command.NEEDS_HELP, Command.COACH, Command.CONFIRM_LEAVE, Command.EXPORT),
)
_BY_NAME = {name: word for word, names in _ALONE.items() for name in names}
_ALIKE = 0.75  # of 1: how much a Latin word must resemble a command to be named
_TRAILING = "。，,.!！；;:：~～…]】」 "
# Punctuation that stays full width where the member's own text is stored.
_PUNCTUATION = frozenset("，。！？；：（）…～")
_WITH_TEXT = frozenset({Command.APPEAL, Command.ANSWER})
# The traditional characters of the commands, as phones in Hong Kong and Taiwan write them.
_SIMPLIFIED = str.maketrans(
    "進細為爲麼麽訴靜請規則隱驗證幫團隊導後別復銷對來須碼確認",
    "进细为为么么诉静请规则隐验证帮团队导后别复销对来须码确认",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCommand:
    """A command and *rest*, its argument: case unchanged, characters in half width.

    Texts for other readers (appeals, answers) keep their punctuation as typed.
    """

    command: Command
    rest: str = ""


def parse_command(text: str) -> ParsedCommand | None:
    """Return the command in *text*; None if it has none."""
    plain = _plain(text)
    # 帮助？ is 帮助, and a question mark alone asks for help.
    bare = "".join(char for char in plain.translate(_SIMPLIFIED) if char.isalnum() or char == "?").casefold()
    if (word := _BY_NAME.get(bare) or _BY_NAME.get(bare.rstrip("?"))) is not None:
        return ParsedCommand(command=word)
    for word, pattern in _PATTERNS:
        if (rest := _after(pattern, plain)) is None:
            continue
        if word in _WITH_TEXT:
            rest = _after(pattern, _plain(text, keep=_PUNCTUATION)) or ""
        return ParsedCommand(command=word, rest=rest)
    return None


def nearest_command(text: str, *, besides: Collection[Command] = ()) -> str | None:
    """Return the name of the command in *text*, or of one that differs by one slip; None without one.

    Commands in *besides* are not named. Of several names in *text* the longest one wins; of
    those that differ by a slip, a command's first name.
    """
    plain = _plain(text).translate(_SIMPLIFIED).casefold()
    words = re.findall(r"[a-z][a-z-]*", plain)
    bare = "".join(char for char in plain if char.isalnum())
    known = [names for command, names in (*_ALONE.items(), *_FOLLOWED.items()) if command not in besides]
    names = [names[0] for names in known] + [name for names in known for name in names[1:] if len(name) > 1]
    inside = [name for name in names if (name in words if name.isascii() else name in bare)]
    if inside:
        return max(inside, key=len)
    if bare.isascii():
        return next(iter(get_close_matches(bare, names, n=1, cutoff=_ALIKE)), None)
    return next((name for name in names if not name.isascii() and _one_slip(bare, name)), None)


def _one_slip(text: str, name: str) -> bool:
    """Return whether one character of *name* is another, is missing, is added, or two are exchanged."""
    if len(text) == len(name):
        differ = [at for at in range(len(name)) if text[at] != name[at]]
        return len(differ) == 1 or (len(differ) == 2 and sorted(text) == sorted(name))
    longer, shorter = (text, name) if len(text) > len(name) else (name, text)
    if len(longer) != len(shorter) + 1 or len(shorter) < 2:
        return False
    return any(longer[:at] + longer[at + 1 :] == shorter for at in range(len(longer)))


def _plain(text: str, *, keep: Collection[str] = ()) -> str:
    """Make *text* one line in half width except *keep*, without invisible characters."""
    folded = "".join(char if char in keep else unicodedata.normalize("NFKC", char) for char in text)
    seen = "".join(char for char in folded if unicodedata.category(char) != "Cf")
    return " ".join(seen.split())


def _after(pattern: re.Pattern[str], plain: str) -> str | None:
    """Return the text after the command of *pattern*; None if *plain* does not begin with it."""
    match = pattern.match(plain.translate(_SIMPLIFIED))
    return None if match is None else plain[match.start("rest") :].strip(_TRAILING)


def _pattern(name: str) -> re.Pattern[str]:
    """Match *name* with spaces anywhere in it, then the rest. After a Latin word no letter may follow."""
    spaced = r"\s*".join(map(re.escape, name))
    ending = r"(?![^\W\d_])" if name.isascii() else ""
    return re.compile(rf"\W*{spaced}{ending}[\"'”」】\])]*[:：,，、]?(?P<rest>.*)$", re.IGNORECASE)


_PATTERNS = tuple((word, _pattern(name)) for word, names in _FOLLOWED.items() for name in names)

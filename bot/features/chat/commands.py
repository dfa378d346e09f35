"""What a member said: which word, and what stands behind it.

Spaces, width, case, punctuation, emoji and traditional characters do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    """What may be asked; the values are the words of the English menu."""

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


# Words that stand alone, and those that something follows; each in Chinese, then in English.
_ALONE: Mapping[Word, tuple[str, ...]] = {
    Word.PROGRESS: ("进度", "我的进度", "progress"),
    Word.RANK: ("排名", "名次", "rank"),
    Word.MUTE_TODAY: ("今天别提醒", "静音今天", "mutetoday"),
    Word.UNMUTE: ("取消静音", "恢复提醒", "unmute"),
    Word.LEAVE_TODAY: ("我在休假", "onleave"),
    Word.BACK: ("取消请假", "销假", "leaveend", "endleave"),
    Word.WANT_HELP: ("请人帮忙", "求助", "helpwanted", "askforhelp"),
    Word.RULES: ("规则", "rules", "rule"),
    Word.PRIVACY: ("隐私", "privacy"),
    Word.HELP: ("帮助", "help", "?"),
    Word.TEAM: ("团队", "team"),
    Word.NEEDS_HELP: ("需帮助", "需要帮助", "落后", "needshelp", "needhelp"),
    Word.EXPORT: ("导出", "export"),
}
_FOLLOWED: Mapping[Word, tuple[str, ...]] = {
    Word.LIST: ("明细", "list"),
    Word.WHY: ("为什么", "why"),
    Word.APPEAL: ("申诉", "appeal"),
    Word.ANSWER: ("回答", "answer"),
    Word.MUTE: ("静音", "mute"),
    Word.LEAVE: ("请假", "休假", "leave"),
    Word.VERIFY: ("验证", "核对", "校验码", "verify", "code"),
    Word.COACH: ("我来帮", "coach"),
    Word.CONFIRM_LEAVE: ("确认请假", "confirm-leave", "confirmleave"),
}
_BY_NAME = {name: word for word, names in _ALONE.items() for name in names}
_TRAILING = "。，,.!！；;:：~～…]】」 "
# What stays as he typed it where his own words are kept: the rest is made narrow.
_PUNCTUATION = frozenset("，。！？；：（）…～")
_IN_HIS_WORDS = frozenset({Word.APPEAL, Word.ANSWER})
# The characters of our words as phones in Hong Kong and Taiwan write them.
_SIMPLIFIED = str.maketrans(
    "進細為爲麼麽訴靜請規則隱驗證幫團隊導後別復銷對來須碼確認",
    "进细为为么么诉静请规则隐验证帮团队导后别复销对来须码确认",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A word and *rest*, what was said after it: in its own case, widths made equal.

    What others will read, an appeal or an answer, keeps the punctuation that he typed.
    """

    word: Word
    rest: str = ""


def said(text: str) -> Said | None:
    """Return what *text* asks for; None if it is no word."""
    plain = _plain(text)
    # 帮助？ is 帮助, and a question mark alone asks for help.
    bare = "".join(one for one in plain.translate(_SIMPLIFIED) if one.isalnum() or one == "?").casefold()
    if (word := _BY_NAME.get(bare) or _BY_NAME.get(bare.rstrip("?"))) is not None:
        return Said(word=word)
    for word, pattern in _PATTERNS:
        if (rest := _after(pattern, plain)) is None:
            continue
        if word in _IN_HIS_WORDS:
            rest = _after(pattern, _plain(text, keep=_PUNCTUATION)) or ""
        return Said(word=word, rest=rest)
    return None


def _plain(text: str, *, keep: Collection[str] = ()) -> str:
    """Make *text* one line in half width but for *keep*, without what cannot be seen."""
    folded = "".join(one if one in keep else unicodedata.normalize("NFKC", one) for one in text)
    seen = "".join(one for one in folded if unicodedata.category(one) != "Cf")
    return " ".join(seen.split())


def _after(pattern: re.Pattern[str], plain: str) -> str | None:
    """Return what follows the word of *pattern*; None if *plain* does not begin with it."""
    match = pattern.match(plain.translate(_SIMPLIFIED))
    return None if match is None else plain[match.start("rest") :].strip(_TRAILING)


def _pattern(name: str) -> re.Pattern[str]:
    """Match *name* with spaces anywhere in it, then what follows: after a Latin word a space or a digit."""
    spaced = r"\s*".join(map(re.escape, name))
    ending = r"(?![^\W\d_])" if name.isascii() else ""
    return re.compile(rf"\W*{spaced}{ending}[\"'”」】\])]*[:：,，、]?(?P<rest>.*)$", re.IGNORECASE)


_PATTERNS = tuple((word, _pattern(name)) for word, names in _FOLLOWED.items() for name in names)

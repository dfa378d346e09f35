"""What a member said: which word, and what stands behind it. Spaces, width and case do not matter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
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
    Word.VERIFY: ("验证", "核对", "verify"),
    Word.COACH: ("我来帮", "coach"),
}
_BY_NAME = {name: word for word, names in _ALONE.items() for name in names}
_MEANS_NOTHING = re.compile(r"[\s\-‐-―_、。，,.!；;:“”\"'「」]+")
_TRAILING = "。，,.!；;:~ "


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A word and *rest*, what was said after it: in its own case, widths made equal."""

    word: Word
    rest: str = ""


def said(text: str) -> Said | None:
    """Return what *text* asks for; None if it is no word."""
    plain = _plain(text)
    bare = _MEANS_NOTHING.sub("", plain).casefold()
    if not bare:
        return None
    # 帮助？ is 帮助, and a question mark alone asks for help.
    if (word := _BY_NAME.get(bare) or _BY_NAME.get(bare.rstrip("?"))) is not None:
        return Said(word=word)
    for word, pattern in _PATTERNS:
        if (match := pattern.match(plain)) is not None:
            return Said(word=word, rest=match["rest"].strip(_TRAILING))
    return None


def _plain(text: str) -> str:
    """Make *text* one line in half width, without what cannot be seen."""
    folded = unicodedata.normalize("NFKC", text)
    seen = "".join(one for one in folded if unicodedata.category(one) != "Cf")
    return " ".join(seen.split())


def _pattern(name: str) -> re.Pattern[str]:
    """Match *name* with spaces anywhere in it, then what follows: after a Latin word a space or a digit."""
    spaced = r"\s*".join(map(re.escape, name))
    ending = r"(?![^\W\d_])" if name.isascii() else ""
    return re.compile(rf"[\"'“「]*{spaced}{ending}[\"'”」]*[:,，、]?(?P<rest>.*)$", re.IGNORECASE)


_PATTERNS = tuple((word, _pattern(name)) for word, names in _FOLLOWED.items() for name in names)

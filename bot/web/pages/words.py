"""The words of all pages, by language.

They are no book of a bank's own texts (`[messages] templates`): what "genuine" promises, and what it does
not, is the same for everybody who may be shown a code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutWords:
    """/about."""

    title: str
    figures: str
    verify: str


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict in one line, and what to know or do about it."""

    head: str
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyWords:
    """/verify; the names of verdicts are those of `Verdict`."""

    title: str
    intro: str
    code: str
    hint: str
    button: str
    given_at: str
    genuine: Said
    unknown: Said
    too_many: Said
    nothing: Said
    too_long: Said
    away: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWords:
    """All pages in one language."""

    about: AboutWords
    verify: VerifyWords


_CHINESE = PageWords(
    about=AboutWords(
        title="您的进度",
        figures="您的数字在企业微信的消息里：对应用说“进度”或“明细”，随时都答。",
        verify="有人给您看校验码？在这里核对",
    ),
    verify=VerifyWords(
        title="核对校验码",
        intro="当日证明下面有一个 16 位校验码。填在这里，看它是不是本应用发出的。",
        code="校验码",
        hint="16 位，不分大小写，空格和横线可以省略",
        button="核对",
        given_at="发出时间",
        genuine=Said(
            "有效：由本应用发出",
            "这里不显示是谁的，也不显示数字。图片上的数字可能被改过：本人和他的主管在企业微信里对应用说"
            "“验证”加校验码，就能看到发出时的数字。",
        ),
        unknown=Said(
            "无效：没有发出过这个校验码", "请核对有没有抄错。O 和 0 不用区分，I、L 和 1 也不用区分。"
        ),
        too_many=Said("试得太多了", "请过一会儿再试，最多等一小时。同一个网络里的人一起计数。"),
        nothing=Said("请先填写校验码"),
        too_long=Said("这不是校验码：太长了"),
        away=Said("现在查不了，请过几分钟再试"),
    ),
)

_ENGLISH = PageWords(
    about=AboutWords(
        title="Your progress",
        figures="Your figures come as messages in WeCom: say “progress” or “list” to the app at any hour.",
        verify="Were you shown a code? Check it here",
    ),
    verify=VerifyWords(
        title="Check a code",
        intro="Under a statement of the day stands a code. Enter it to see whether this app gave it out.",
        code="Code",
        hint="16 digits and letters; case, spaces and hyphens do not matter",
        button="Check",
        given_at="Given out",
        genuine=Said(
            "Genuine: given out by this app",
            "Whose it is and its figures are not shown here. Those on a picture may have been changed: the "
            "person himself and his leaders see the ones given out by saying “verify” and the code to "
            "the app in WeCom.",
        ),
        unknown=Said(
            "Not genuine: no such code was ever given out",
            "Was it copied right? O is the same as 0, I and L are the same as 1.",
        ),
        too_many=Said(
            "Too many tries",
            "Please try again later, in an hour at most. Everybody in the same network counts together.",
        ),
        nothing=Said("Please enter a code first"),
        too_long=Said("This is no code: it is too long"),
        away=Said("This cannot be checked right now, please try again in a few minutes"),
    ),
)

WORDS: Mapping[str, PageWords] = {"zh-CN": _CHINESE, "en": _ENGLISH}

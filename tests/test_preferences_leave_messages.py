"""Leave to confirm, as it is said: which targets, under which names, within every limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from builders.messages import MORNING, TWO_DAYS, TWO_DAYS_OFF

from bot.core.periods import parse_period
from bot.features.preferences.leave_message import confirmation_wanted, leave_key, leave_of, told_confirmed
from bot.features.preferences.leave_rules import Effect, Prorated
from bot.messages.forms import CARD, forms_of
from bot.messages.limits import over
from bot.messages.message import Message, as_text

MONTH = TWO_DAYS_OFF.targets[0]
DAY = Prorated(quota="daily", period=parse_period("2026-11-26"), before=5, after=0)
DECEMBER = replace(MONTH, period=parse_period("2026-12"), after=48)
QUARTER = replace(MONTH, quota="quarterly", period=parse_period("2026-Q4"))


def effect(*targets: Prorated) -> Effect:
    return Effect(days=frozenset(TWO_DAYS), targets=targets)


def asked(found: Effect, *, language: str = "zh-CN", name: str = "员工甲") -> Message:
    said: dict[str, Any] = {"language": language, "userid": "zhangsan", "days": TWO_DAYS, "at": MORNING}
    return confirmation_wanted(**said, name=name, effect=found)


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        pytest.param(
            (MONTH, DECEMBER), ["2026-11 期目标按天折算为 45", "2026-12 期目标按天折算为 48"], id="two months"
        ),
        pytest.param(
            (MONTH, QUARTER),
            ["cm-monthly · 2026-11 期目标按天折算为 45", "quarterly · 2026-Q4 期目标"],
            id="two quotas",
        ),
        pytest.param((MONTH, DAY), ["2026-11 期目标按天折算为 45"], id="a day's target goes with the day"),
        pytest.param((DAY,), ["2026-11-26 期目标按天折算为 0"], id="and is said if alone"),
        pytest.param((), ["各项目标的数字没有变化。"], id="none"),
    ],
)
def test_which_targets_are_said_and_how(targets: tuple[Prorated, ...], said: list[str]) -> None:
    message = told_confirmed(
        language="zh-CN", by="主管甲", spans=[TWO_DAYS], effect=effect(*targets), at=MORNING
    )

    lines = as_text(message).split("\n")[1:-1]
    assert len(lines) == len(said)
    assert all(line.startswith(begin) for line, begin in zip(lines, said, strict=True))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_form_is_over_a_limit_whatever_somebody_is_called_and_however_much_shrinks(language: str) -> None:
    many = effect(*(replace(MONTH, quota=f"a-long-name-of-a-quota-{n}") for n in range(80)))

    forms = forms_of(
        asked(many, language=language, name="名" * 64), style="card", language=language, task_id="t"
    )

    assert [form.msgtype for form in forms] == [CARD, "markdown", "text"]
    assert [over(form.msgtype, form.body) for form in forms] == [None] * 3
    title = forms[0].body["main_title"]
    assert isinstance(title, dict)
    assert title["title"] in {"11-26 至 11-27 有人请假，请确认", "Leave to confirm, 11-26 to 11-27"}


def test_who_has_no_name_is_called_by_his_userid() -> None:
    assert as_text(asked(TWO_DAYS_OFF, name="")).split("\n")[0] == "zhangsan 11-26 至 11-27 请假，请确认"


@pytest.mark.parametrize(
    "key", ["", "zhangsan", "zhangsan:2026-11-26", "zhangsan:2026-11-26:2026-11-27:x", "a:b:c"]
)
def test_a_key_says_whose_leave_or_nothing(key: str) -> None:
    one_day = date(2026, 11, 26), date(2026, 11, 26)

    assert leave_of(leave_key("zhang.san@x", one_day)) == ("zhang.san@x", one_day)
    assert leave_of(key) is None

"""Every verdict has its sentence, in both languages, and says the figures of the rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from string import Formatter
from typing import Any

import pytest
from builders.e2e import at

from bot.core.contacts import Contact, Details
from bot.core.counting import Counting, FirstAdd, MaxShare
from bot.core.quotas import Basis
from bot.core.relations import Add, RelationKind
from bot.core.verdicts import Verdict
from bot.features.contacts.reasons import Decision, Ruling, reason
from bot.locales import languages
from bot.messages.catalog import texts_in

ADDED = at("2026-11-20T10:02")
ENDED = at("2026-11-23T09:30")
LIMIT = MaxShare(fact="out_of_province", share=Fraction(1, 5))
ADD = Add(
    userid="zhangsan",
    external_userid="wm1",
    added_at=int(ADDED.timestamp()),
    nth=1,
    state="desk-7",
)
CONTACT = Contact.of(
    ADD,
    details=Details(customer_type=2, add_way=202, tags=frozenset({"vip"})),
    facts={"account": False, "vip": True},
)
LOST = CONTACT._replace(ended_at=int(ENDED.timestamp()), ended_by=RelationKind.LOST_BY_CUSTOMER)
RULING = Ruling(
    verdict=Verdict.COUNTED,
    contact=CONTACT,
    counting=Counting(
        first_add=FirstAdd.CORP,
        customer_types=frozenset({1}),
        keep_days=7,
        required_tags=("已实名", "vip"),
        required_facts=("account", "real_name"),
        own_book=True,
        max_share=(LIMIT,),
        exclude_add_ways=frozenset({202}),
        exclude_states=frozenset({"desk-7"}),
        max_per_day=5,
    ),
    basis=Basis.ADDED,
    at=at("2026-11-24T09:07"),
    added=ADDED,
    kept=ADDED + timedelta(days=7),
    ended=None,
    settlement=at("2026-12-08T00:00"),
    limit=LIMIT,
)


def said(language: str, verdict: Verdict, **changes: Any) -> str:
    return reason(replace(RULING, verdict=verdict, **changes), language=language)


def lost(**changes: Any) -> dict[str, Any]:
    return {"contact": LOST, "ended": ENDED, **changes}


def places(form: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(form) if name is not None}


@pytest.mark.parametrize("language", languages())
def test_every_verdict_has_its_own_sentence(language: str) -> None:
    verdict, case = (texts_in(language).table(key) for key in ("reasons.verdict", "reasons.case"))

    assert set(verdict) == set(Verdict)
    assert len({*verdict.values(), *case.values()}) == len(Verdict) + len(case)


def test_both_languages_name_the_same_figures() -> None:
    chinese, english = texts_in("zh-CN"), texts_in("en")
    for key in ("reasons.verdict", "reasons.case"):
        mine, other = chinese.table(key), english.table(key)
        assert set(mine) == set(other)
        for name, sentence in mine.items():
            assert places(sentence) == places(other[name]), name


def test_one_day_to_be_kept_is_no_days() -> None:
    a_day = {"counting": replace(RULING.counting, keep_days=1)}
    sentences = [
        said("en", Verdict.KEEP_PERIOD, **a_day),
        said("en", Verdict.LOST_EARLY, **a_day, **lost()),
        said("en", Verdict.COUNTED, **a_day),
        said("en", Verdict.COUNTED, **a_day, **lost()),
    ]

    assert [sentence for sentence in sentences if "1 day " not in sentence] == []


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("verdict", Verdict)
def test_a_sentence_is_whole_calm_and_says_how_it_stands(verdict: Verdict, language: str) -> None:
    decision = Decision(by="主管甲", at=ENDED, why="银行记录有误")
    gone = lost() if verdict in (Verdict.LOST_EARLY, Verdict.REJECTED_DETAILS) else {}
    sentence = said(language, verdict, decision=decision, first=at("2026-10-02T11:00"), **gone)

    assert sentence
    assert not set(sentence) & set("{}！!")
    assert "  " not in sentence
    assert "落后" not in sentence
    if verdict.outcome == "rejected":
        assert ("不计入" if language == "zh-CN" else "not count") in sentence
    if verdict.outcome == "counted":
        assert "不计入" not in sentence
        assert "not count" not in sentence
        assert ("计入" if language == "zh-CN" else "counts") in sentence


@pytest.mark.parametrize(
    ("verdict", "changes", "chinese", "english"),
    [
        pytest.param(
            Verdict.LOST_EARLY,
            lost(),
            "客户添加不满 7 天即流失（11-20 10:02 加，11-23 09:30 流失），不计入",
            "Lost before 7 days were over (added 11-20 10:02, lost 11-23 09:30): it does not count",
            id="lost early",
        ),
        pytest.param(
            Verdict.KEEP_PERIOD,
            {},
            "到 11-27 10:02 满 7 天，届时计入",
            "Kept for 7 days on 11-27 10:02; then it counts",
            id="keep period",
        ),
        pytest.param(
            Verdict.TAGS,
            {},
            "缺标签：已实名；12-08 00:00 前补上即可，否则不计入",
            "Tags are missing: 已实名; add them before 12-08 00:00, else it does not count",
            id="only the missing tags",
        ),
        pytest.param(
            Verdict.FACTS,
            {},
            "银行还没有提供：real_name、客户归属；提供后再判断，到 12-08 00:00 仍没有，则计入",
            "The bank has not said yet: real_name, manager; it decides then, and if it says nothing by "
            "12-08 00:00, this counts",
            id="only what is unknown, the manager too",
        ),
        pytest.param(
            Verdict.REJECTED_FACTS,
            {},
            "银行核实未通过：account，不计入",
            "The bank says no to: account; it does not count",
            id="only what is false",
        ),
        pytest.param(
            Verdict.OVER_SHARE,
            {},
            "“out_of_province”的客户超过 20% 的上限，暂不计入；"
            "12-08 00:00 前其他客户多了，占比降下来即计入，否则不计入",
            "More than 20% have “out_of_province”: it counts once others make that share smaller before "
            "12-08 00:00, else it does not",
            id="the fact and the share",
        ),
        pytest.param(
            Verdict.OVER_DAILY_CAP,
            {},
            "11-20 10:02 这一天已有 5 位，超出的后加者不计入",
            "5 were there already on the day of 11-20 10:02; later ones do not count",
            id="the cap",
        ),
        pytest.param(
            Verdict.CUSTOMER_TYPE,
            {},
            "客户类型是企业微信，本目标只计微信，不计入",
            "The customer uses WeCom, only WeChat counts here: it does not count",
            id="both types",
        ),
        pytest.param(
            Verdict.REJECTED_REVIEW,
            {"decision": Decision(by="主管甲", at=ENDED, why=" 重复\n客户 ")},
            "复核决定不计入（主管甲，11-23 09:30）：重复 客户",
            "A review decided that it does not count (主管甲, 11-23 09:30): 重复 客户",
            id="who decided, when and why",
        ),
        pytest.param(
            Verdict.REJECTED_REVIEW,
            {"decision": Decision(by="", at=None, why="")},
            "复核决定不计入",
            "A review decided that it does not count",
            id="an old decision of which nothing is told",
        ),
        pytest.param(
            Verdict.COUNTED_REVIEW,
            {},
            "提问到 12-08 00:00 结算仍没有结论，这不是员工的问题，计入",
            "A question was still undecided at the settlement on 12-08 00:00, through no fault of the "
            "employee: it counts",
            id="nobody decided",
        ),
        pytest.param(
            Verdict.NOT_FIRST,
            {"first": at("2025-10-02T11:00")},
            "以前加过这位客户（2025-10-02 11:00 首次添加），再次添加不计入",
            "This customer was added before (first on 2025-10-02 11:00); a second add does not count",
            id="the year where it is another",
        ),
        pytest.param(
            Verdict.NOT_FIRST,
            {},
            "行内已有同事先加过这位客户，本目标只计全行首次，不计入",
            "A colleague had this customer before, and only the first in the bank counts: it does not count",
            id="a colleague, who is not named",
        ),
        pytest.param(
            Verdict.DETAILS,
            lost(),
            "还没有从企业微信读到客户资料，读到后再判断；"
            "客户已在 11-23 09:30 流失，到 12-08 00:00 仍没有读到，则不计入",
            "WeCom's details are not read yet and decide then; it was lost on 11-23 09:30, and if they are "
            "not read by 12-08 00:00, it does not count",
            id="details of somebody who is gone",
        ),
        pytest.param(
            Verdict.COUNTED,
            {},
            "到 11-27 10:02 已满 7 天，计入",
            "Kept for 7 days since 11-27 10:02: it counts",
            id="kept",
        ),
        pytest.param(
            Verdict.COUNTED,
            lost(),
            "满 7 天后才流失（11-20 10:02 加，11-23 09:30 流失），照样计入",
            "Lost only after 7 days (added 11-20 10:02, lost 11-23 09:30): it counts all the same",
            id="lost later",
        ),
        pytest.param(
            Verdict.COUNTED,
            {
                "contact": LOST._replace(ended_by=RelationKind.TRANSFERRED),
                "ended": ENDED,
            },
            "行内交接（11-23 09:30）不算流失，计入",
            "Handed over inside the bank (11-23 09:30), which is no loss: it counts",
            id="handed over",
        ),
        pytest.param(
            Verdict.COUNTED,
            {"basis": Basis.HELD},
            "客户仍在（11-20 10:02 加），计入",
            "The customer is still there (added 11-20 10:02): it counts",
            id="held",
        ),
        pytest.param(
            Verdict.COUNTED,
            {"counting": Counting()},
            "符合规则，计入",
            "Within the rules: it counts",
            id="no keep period",
        ),
    ],
)
def test_the_sentence_names_the_figures_of_the_rule(
    verdict: Verdict, changes: dict[str, Any], chinese: str, english: str
) -> None:
    assert said("zh-CN", verdict, **changes) == chinese
    assert said("en", verdict, **changes) == english

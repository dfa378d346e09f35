"""A customer chose his own name: it stands in a line, is no markup, claims nothing, and is for one reader."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from builders.examples import tried
from builders.messages import ANSWER_UNTIL, APPEALED, MORNING, SHARED
from hypothesis import given
from hypothesis import strategies as st

from bot.core.verdicts import Verdict
from bot.features.contacts import message as contacts_message
from bot.features.contacts.message import ListedCustomer, ShownVerdict
from bot.features.customers.name_sentences import Customer, called
from bot.features.reviews import appeal_message
from bot.features.reviews.decision_message import decided
from bot.features.reviews.question_message import ToDecide, questions, to_review
from bot.messages.limits import CONTENT_BYTES, CUSTOMER_BYTES
from bot.messages.message import Message, as_markdown, as_text

CUSTOMER = "wmAAAAAAAAAAAAAAAAAAAAAAAAAAx7k2"
LANGUAGES = ("zh-CN", "en")


def zh(*names: str) -> str:
    return called(Customer(external_userid=CUSTOMER, names=names), language="zh-CN")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        pytest.param((), "…x7k2", id="no names are kept"),
        pytest.param(("", ""), "…x7k2", id="WeCom told none"),
        pytest.param(("李经理", "晴天"), "「李经理」…x7k2", id="the employee's remark first"),
        pytest.param(("", "晴天"), "「晴天」…x7k2", id="else what he calls himself"),
        pytest.param(("\u200b\u2060", "晴天"), "「晴天」…x7k2", id="a remark that nobody can see"),
        pytest.param(("\u3164\u2800\ufeff",), "…x7k2", id="blanks that are letters"),
        pytest.param(("\u0301\ufe0f",), "…x7k2", id="accents upon nothing"),
        pytest.param(("张\n三\r\n\t x\u2028y",), "「张 三 x y」…x7k2", id="line breaks"),
        pytest.param(("张\u200b三\u00ad",), "「张三」…x7k2", id="zero width"),
        pytest.param(("\u202eabc\u2066",), "「abc」…x7k2", id="turned around"),
        pytest.param(("</font>**甲**",), "「＜／font＞＊＊甲＊＊」…x7k2", id="markup"),
        pytest.param(('<a href="x">',), "「＜a href='x'＞」…x7k2", id="a link"),
        pytest.param(("http://a.cn",), "「http：／／a．cn」…x7k2", id="an address"),
        pytest.param(("&lt;b&gt;",), "「＆lt;b＆gt;」…x7k2", id="markup in other words"),
        pytest.param(("甲」…ab12：计入",), "「甲'…ab12：计入」…x7k2", id="it cannot close the marks"),
        pytest.param(("e" + "\u0301" * 20,), "「e\u0301\u0301」…x7k2", id="accents upon accents"),
        pytest.param(("长" * 128,), "「" + "长" * 9 + "…」…x7k2", id="too long"),
        pytest.param(("👨‍👩‍👧‍👦" * 3,), "「👨‍👩‍👧‍👦…」…x7k2", id="cut between characters"),
    ],
)
def test_a_name_is_shown_so_that_it_does_no_harm(names: tuple[str, ...], said: str) -> None:
    assert zh(*names) == said


def test_in_english_too() -> None:
    customer = Customer(external_userid=CUSTOMER, names=('“Sunny” "x"',))

    assert called(customer, language="en") == "“'Sunny' 'x'” …x7k2"


@given(name=st.text(max_size=130), language=st.sampled_from(LANGUAGES))
@tried(150)
def test_whatever_the_name_it_is_one_short_line_between_its_marks(name: str, language: str) -> None:
    said = called(Customer(external_userid=CUSTOMER, names=(name,)), language=language)

    opens, closes = ("「", "」…x7k2") if language == "zh-CN" else ("“", "” …x7k2")
    if said != "…x7k2":
        assert said.startswith(opens)
        assert said.endswith(closes)
        inside = said[len(opens) : -len(closes)]
        assert not set(inside) & set("「」“”<>*[]`#&:/\\@\n\r\u2028\u202e\u200b")
        assert 0 < len(inside.encode()) <= CUSTOMER_BYTES


# --- lists ---


def contact(number: int, *names: str, under: int = 1) -> ListedCustomer:
    verdicts = (Verdict.KEEP_PERIOD, Verdict.REJECTED_FACTS)
    judged = tuple(
        ShownVerdict(
            quota=f"q{n}", period="2026-11", verdict=verdicts[n % 2], until=MORNING + timedelta(days=7)
        )
        for n in range(under)
    )
    added = MORNING - timedelta(hours=number)
    return ListedCustomer(
        number=number, external_userid=f"wm{number:04}", names=names, added_at=added, way=16, judged=judged
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("under", [1, 2], ids=["one quota", "two that differ"])
def test_every_contact_is_on_one_page_however_long_the_names(language: str, under: int) -> None:
    found = [contact(number, "名" * 60, under=under) for number in range(1, 101)]
    pages = []
    for page in range(1, 40):
        pages.append(contacts_message.listed(language=language, contacts=found, page=page, at=MORNING))
        if as_text(pages[-1]).startswith(("没有第", "There is no page")):
            break
    lines = [line for page in pages[:-1] for line in as_markdown(page, limit=CONTENT_BYTES).splitlines()]

    assert [line.split(".")[0] for line in lines if "…00" in line or "…01" in line] == [
        str(number) for number in range(1, 101)
    ]
    assert len({as_text(page).splitlines()[0] for page in pages[:-1]}) == 1


def test_without_names_a_page_has_twenty() -> None:
    found = [contact(number) for number in range(1, 42)]
    last = as_text(contacts_message.listed(language="zh-CN", contacts=found, page=3, at=MORNING))

    assert "41. " in last
    assert "40. " not in last


# --- who may read it ---

NAMES = ("李经理", "晴天")


def messages() -> dict[str, Message]:
    """Every message that may name somebody's own customer to him."""
    own = [contact(1, *NAMES), contact(2)]
    seen = replace(SHARED, names=NAMES)
    by: dict[str, str] = {"by": "主管乙", "reason": "柜面有记录"}
    return {
        "list": contacts_message.listed(language="zh-CN", contacts=own, page=1, at=MORNING),
        "why": contacts_message.explained(language="zh-CN", contact=own[0], may_object=True, at=MORNING),
        "which": contacts_message.not_found(language="zh-CN", many=own, at=MORNING),
        "question": questions(language="zh-CN", asked=[seen], until=ANSWER_UNTIL, at=MORNING),
        "which question": appeal_message.which_question(language="zh-CN", asked=[seen], at=MORNING),
        "decided": decided(
            language="zh-CN", what=replace(APPEALED, names=NAMES), state="accepted", at=MORNING, **by
        ),
        "appealed": appeal_message.opened(
            language="zh-CN",
            customer=contact(7, *NAMES),
            ids=["appeal:1"],
            text="误删",
            reviewers=["主管甲"],
            until=MORNING,
            at=MORNING,
        ),
        "counts": appeal_message.counts_already(
            language="zh-CN", customer=contact(7, *NAMES), number=7, at=MORNING
        ),
        "open": appeal_message.open_already(
            language="zh-CN", customer=contact(7, *NAMES), case="appeal:1", at=MORNING
        ),
        "over": appeal_message.too_late(language="zh-CN", customer=contact(7, *NAMES), at=MORNING),
        "decided before": appeal_message.decided_already(
            language="zh-CN", customer=contact(7, *NAMES), case="appeal:1", at=MORNING, **by
        ),
    }


@pytest.mark.parametrize("name", list(messages()))
def test_his_own_message_names_him_and_what_stays_of_it_does_not(name: str) -> None:
    message = messages()[name]

    assert message.record is not None
    assert "「李经理」…" in as_text(message)
    assert as_text(message).replace("「李经理」", "") == as_text(message.record)


def test_a_message_without_names_is_nobodys_secret() -> None:
    assert contacts_message.listed(language="zh-CN", contacts=[contact(1)], page=1, at=MORNING).record is None


@pytest.mark.parametrize("what", [SHARED, APPEALED], ids=["a finding", "an appeal"])
def test_a_reviewer_reads_the_end_of_the_id_only_whatever_he_is_given(what: object) -> None:
    named = replace(what, names=NAMES)  # type: ignore[type-var]  # both are dataclasses
    case = ToDecide(id="appeal:1", name="员工甲", said="", what=named)  # type: ignore[arg-type]  # as above

    told = to_review(language="zh-CN", cases=[case], goes_up=None, at=MORNING)

    assert told.record is None
    assert not [name for name in NAMES if name in as_text(told)]
    assert "…k2pq" in as_text(told) or "…d9wz" in as_text(told)


def test_no_value_shows_a_name_where_it_is_printed() -> None:
    printed = repr([contact(1, *NAMES), replace(SHARED, names=NAMES), replace(APPEALED, names=NAMES)])

    assert not [name for name in NAMES if name in printed]

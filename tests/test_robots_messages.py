"""What a group reads and sees: nobody but those in the lead, within WeCom's limits, with every glyph."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from builders.messages import EVENING, MONTHLY
from PIL import Image

from bot.core.leaderboard import Gain, GroupLeaderboard, LeaderboardPlace, Unit, build_leaderboard
from bot.core.people import Departments
from bot.core.progress import QuotaFigures
from bot.core.status import Status
from bot.features.robots.message import GroupPost, group_message, group_picture, robot_disabled
from bot.features.robots.picture import Picture, draw
from bot.messages.message import as_markdown
from bot.wecom.robot import IMAGE_BYTES, MARKDOWN_BYTES

FORBIDDEN = re.compile(r"落后|倒数|垫底|[!！元¥￥$@]|yuan|behind|last place", re.IGNORECASE)
LONG = "南区高新技术产业开发区科技金融与普惠金融服务中心客户二部"
TREE = Departments({12: 1, 121: 12, 122: 12}, {121: "南区一部", 122: LONG})
COUNTS = [62, 58, 51, 51, 47, 46, 44, 42, 41, 40, 38, 36]


def people(*counts: int) -> list[QuotaFigures]:
    return [
        replace(
            MONTHLY,
            userid=f"u{number:02}",
            department=121 + number % 2,
            counted=counted,
            status=Status.MET if counted >= 50 else Status.ON_TRACK,
        )
        for number, counted in enumerate(counts)
    ]


def post(*counts: int, size: int = 5, job: str = "digest", gains: dict[str, Gain] | None = None) -> GroupPost:
    found = people(*counts)
    shown = build_leaderboard(found, departments=TREE, scope=[12], size=size, gains=gains)
    assert shown is not None
    return posted((found[0], shown), job=job)


def posted(*boards: tuple[QuotaFigures, GroupLeaderboard], job: str = "digest") -> GroupPost:
    names = {f"u{number:02}": f"员工{letter}" for number, letter in enumerate("甲乙丙丁戊己庚辛壬癸子丑")}
    return GroupPost(job=job, boards=boards, people=names, departments=TREE.names, at=EVENING)


def size_of(png: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(png)) as image:
        assert image.format == "PNG"
        return image.size


@pytest.mark.parametrize(
    ("language", "first", "lead", "improved"),
    [
        (
            "zh-CN",
            "**全队 12 人，已有 4 人够了**",
            "2. 员工乙 58/50",
            "进步最多的一位：近 7 天比前 7 天多 4 位",
        ),
        (
            "en",
            "**Team of 12: enough reached by 4**",
            "2. 员工乙 58/50",
            "The most improved: 4 more in the last 7 days than in the 7 before",
        ),
    ],
)
def test_a_group_reads_sums_and_who_leads(language: str, first: str, lead: str, improved: str) -> None:
    gains = {"u11": Gain(latest=6, before=2), "u00": Gain(latest=3, before=3)}

    lines = as_markdown(group_message(post(*COUNTS, gains=gains), language=language)).splitlines()

    assert lines[0] == first
    assert lead in lines
    assert improved in lines


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("size", [0, 1, 5, 40])
@pytest.mark.parametrize("counts", [COUNTS, [9] * 12, [40, 30, 20, 10, 9]], ids=["usual", "equal", "small"])
def test_nobody_below_those_in_the_lead_is_named(language: str, size: int, counts: list[int]) -> None:
    shown = post(*counts, size=size)
    words = as_markdown(group_message(shown, language=language), limit=MARKDOWN_BYTES)
    picture = group_picture(shown, language=language).to_json()

    named = {shown.people[place.userid] for place in shown.boards[0][1].top}
    unnamed = set(shown.people.values()) - named
    assert all(name in words and name in picture for name in named)
    assert not [name for name in unnamed if name in words or name in picture]
    assert not FORBIDDEN.search(words)
    assert not FORBIDDEN.search(picture)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_hostile_and_long_names_stay_within_the_limits(language: str) -> None:
    hostile = "**<@all>** [x](https://x) " + "长" * 60
    shown = post(*COUNTS, size=40)
    shown = replace(
        shown,
        people=dict.fromkeys(shown.people, hostile),
        departments=dict.fromkeys(TREE.names, hostile),
    )

    words = as_markdown(group_message(shown, language=language), limit=MARKDOWN_BYTES)
    png = draw(group_picture(shown, language=language))

    assert len(words.encode()) <= MARKDOWN_BYTES
    assert "<@" not in words
    assert size_of(png)[0] == 1080
    assert len(png) < IMAGE_BYTES


def test_two_quotas_are_told_apart() -> None:
    weekly = [
        replace(
            one,
            quota="weekly",
            period="2026-W48",
            period_start=date(2026, 11, 23),
            period_end=date(2026, 11, 29),
        )
        for one in people(6, 5, 4, 3, 2)
    ]
    found = build_leaderboard(weekly, departments=TREE, scope=[12], size=5)
    assert found is not None
    shown = posted(post(*COUNTS).boards[0], (weekly[0], found))

    words = as_markdown(group_message(shown, language="zh-CN"))
    titles = [section.title for section in group_picture(shown, language="zh-CN").sections]

    assert "本月：达成率" in words
    assert "本周：达成率" in words
    assert [title.partition("：")[0] for title in titles] == ["本月", "本周"]


def test_the_week_says_so() -> None:
    shown = post(*COUNTS, job="weekly", gains={"u00": Gain(latest=58, before=49)})

    words = as_markdown(group_message(shown, language="zh-CN"))

    assert "近 7 天有效新增 58 位，前 7 天 49 位" in words
    assert "进步最多：员工甲，近 7 天比前 7 天多 9 位" in words
    assert words.endswith("群周报</font>")


def test_a_picture_comes_back_from_the_store_as_it_was() -> None:
    picture = group_picture(post(*COUNTS), language="zh-CN")

    assert Picture.from_json(picture.to_json()) == picture


def test_more_lines_make_a_taller_picture_and_nothing_else() -> None:
    few, many = (size_of(draw(group_picture(post(*COUNTS, size=size), language="zh-CN"))) for size in (1, 5))

    assert few[0] == many[0]
    assert many[1] > few[1]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_picture_of_many_quotas_and_departments_stays_small(language: str) -> None:
    row, board_of = post(*COUNTS).boards[0]
    units = tuple(Unit(department=number, people=5, percent=number % 101) for number in range(1, 41))
    top = tuple(LeaderboardPlace(rank=n, userid=f"u{n:02}", counted=62 - n, target=50) for n in range(1, 31))
    many = replace(board_of, units=units, top=top)
    shown = posted(*((replace(row, quota=f"q{n}"), many) for n in range(12)))

    picture = group_picture(shown, language=language)
    png = draw(picture)

    more = ("另有 28 个部门", "另有 18 位领先", "另有 9 项") if language == "zh-CN" else ("28", "18", "9")
    assert len(picture.sections) == 3
    assert {(len(one.bars), len(one.places)) for one in picture.sections} == {(12, 12)}
    assert more[0] in picture.sections[0].more_bars
    assert more[1] in picture.sections[0].notes[0]
    assert more[2] in picture.more_sections
    assert len(png) < IMAGE_BYTES // 4
    with Image.open(BytesIO(png)) as image:
        assert image.mode == "P"
        painted = {colour for _, colour in image.convert("RGB").getcolors() or ()}
        assert {
            (255, 255, 255),
            (47, 111, 214),
            (31, 143, 78),
            (238, 241, 245),
        } <= painted  # as they were asked


def test_a_picture_stored_before_more_was_said_is_still_drawn() -> None:
    told = json.loads(group_picture(post(*COUNTS), language="zh-CN").to_json())
    del told["more_sections"]
    for section in told["sections"]:
        del section["more_bars"]

    assert Picture.from_json(json.dumps(told)) == group_picture(post(*COUNTS), language="zh-CN")


def test_glyphs_are_drawn_and_what_the_font_lacks_is_marked() -> None:
    """Two names of different characters give different pictures; two that the font lacks give the same."""

    def drawn(name: str) -> bytes:
        return draw(Picture(title=name, headline="", subtitle="", sections=(), footer=""))

    assert drawn("王喆") != drawn("王珺")
    assert drawn("王😀") == drawn("王👍")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_admins_are_told_which_robot_is_off(language: str) -> None:
    said = robot_disabled(language=language, name="south-branch", errcode=93000)

    assert "south-branch" in said
    assert "93000" in said
    assert "webhook_key" in said


def test_a_post_without_a_board_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one board"):
        group_message(posted(), language="en")

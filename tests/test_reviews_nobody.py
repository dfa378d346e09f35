"""Where nobody can decide, `check` names it and the texts name somebody who exists."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.chat import say
from builders.e2e import Quotabot, command_here
from builders.reviews import BURST_RULE, ROSTER, TUESDAY, branch, burst, lost_contact, morning

# team leads zhang and li; nobody leads team, and neither reviewers nor admins are named.
NOBODY_ABOVE = ROSTER[:-1]
ALONE = tuple(line for line in NOBODY_ABOVE if not line.startswith("team"))


@pytest.mark.parametrize(
    ("roster", "sentence"),
    [
        pytest.param(NOBODY_ABOVE, "目前还没有指定复核人，可请主管甲联系人力资源部指定。", id="a leader"),
        pytest.param(ALONE, "目前还没有指定复核人，请联系人力资源部指定。", id="no leader"),
    ],
)
def test_an_appeal_and_an_answer_name_somebody_who_exists(
    tmp_path: Path, roster: tuple[str, ...], sentence: str
) -> None:
    with branch(tmp_path, more=BURST_RULE, roster=roster) as services:
        lost_contact(services)
        burst(services)
        morning(services, TUESDAY)
        appeal = say(services, "zhang", "申诉 lost 柜面误删")
        answer = say(services, "zhang", "回答 那天有活动")

    assert sentence in appeal
    assert sentence in answer
    assert not [line for line in (*appeal, *answer) if "管理员" in line or "转给复核人" in line]


def test_the_rules_name_no_admin_where_there_is_none(tmp_path: Path) -> None:
    with branch(tmp_path, roster=ALONE) as services:
        rules = say(services, "zhang", "规则")

    assert "谁决定：目前还没有指定复核人，请联系人力资源部；本人和直接主管不决定" in rules


@pytest.mark.parametrize(
    ("more", "roster", "warned"),
    [
        pytest.param("", NOBODY_ABOVE, True, id="nobody above"),
        pytest.param("", ROSTER, False, id="a leader's leader"),
        pytest.param('[review]\nreviewers = ["hr"]\n', NOBODY_ABOVE, False, id="a reviewer"),
        pytest.param('[admins]\nuserids = ["it"]\n', NOBODY_ABOVE, False, id="an admin"),
        pytest.param('[admins]\nuserids = ["team"]\n', NOBODY_ABOVE, True, id="the direct leader alone"),
    ],
)
def test_check_names_people_without_a_reviewer(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    more: str,
    roster: tuple[str, ...],
    *,
    warned: bool,
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    with branch(tmp_path, more=more, roster=roster) as services:
        checked = quotabot("check", "--config", str(services.config.file))

    assert checked.code == 0
    assert ("没有人可以处理 2 人的事项（li, zhang）" in checked.err) is warned

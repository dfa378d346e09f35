"""`import facts --complete`: whoever is not in the file is not what the file says."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.imports import FACTS, JIA, NOW, OWN_BOOK, branch, detail, file, row, tell

from bot.features.contacts.explain import explain
from bot.features.imports.csv_import import Report, import_file
from bot.features.imports.facts import FactLines
from bot.services import Services
from bot.store.contact_knowledge import StoredFacts

YI = "wm-yi"
ADDED = "2026-11-11T10:00"


def complete(services: Services, path: Path, *, dry_run: bool = False) -> Report:
    lines = FactLines(services, path, complete=True)
    return import_file(services, lines, path, by="人事", skip_bad=False, dry_run=dry_run)


def verdicts(services: Services) -> dict[str, tuple[str, str]]:
    (quota,) = explain(services, "zhangsan", at=NOW).quotas
    return {one.external_userid: (one.verdict.value, one.reason) for one in quota.contacts}


def test_every_fact_of_a_contact_that_is_not_in_the_file_is_false(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place, more=FACTS) as services:
        tell(services, "zhangsan", YI, ADDED)
        before = row(services).pending
        report = complete(services, file(tmp_path, "external_userid,account", f"{JIA},1"))
        tell(services, "zhangsan", "wm-bing", "2026-11-12T10:00")
        found = {customer: verdict for customer, (verdict, _) in verdicts(services).items()}

    assert before == 2
    assert (report.good, report.absent) == (1, 1)
    assert found == {JIA: "counted", YI: "rejected:facts", "wm-bing": "pending:facts"}  # the last is newer


def test_where_the_file_has_managers_the_others_have_none(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place, more=OWN_BOOK) as services:
        tell(services, "zhangsan", YI, ADDED)
        complete(services, file(tmp_path, "external_userid,manager", f"{JIA},zhangsan"))
        found = verdicts(services)

    assert found[JIA][0] == "counted"
    assert found[YI] == ("rejected:not_own_book", "银行没有把这位客户登记在任何人名下，不计入")


def test_without_a_manager_column_a_manager_stays_as_it_was(tmp_path: Path, place: Path | str) -> None:
    with branch(tmp_path, place, more=OWN_BOOK) as services:
        complete(services, file(tmp_path, "external_userid,manager", f"{JIA},zhangsan"))
        complete(services, file(tmp_path, "external_userid,account", "wm-other,1"))
        facts = services.store.contact_knowledge.facts()
        found = verdicts(services)

    assert facts["external_userid", JIA] == StoredFacts(manager="zhangsan", facts={"account": False})
    assert found[JIA][0] == "counted"


def test_a_later_file_may_say_otherwise_and_the_same_file_changes_nothing(
    tmp_path: Path, place: Path | str
) -> None:
    with branch(tmp_path, place, more=FACTS) as services:
        tell(services, "zhangsan", YI, ADDED)
        path = file(tmp_path, "external_userid,account", f"{JIA},1")
        complete(services, path)
        first = services.store.engine.all("facts_last")
        complete(services, path)
        again = services.store.engine.all("facts_last")
        complete(services, file(tmp_path, "external_userid,account", f"{JIA},1", f"{YI},1"))
        found = {customer: verdict for customer, (verdict, _) in verdicts(services).items()}

    assert first == again
    assert found == {JIA: "counted", YI: "counted"}


def test_a_contact_is_in_the_file_by_any_of_its_keys(tmp_path: Path, place: Path | str) -> None:
    mine, other, shared, alone = (f"{number}" * 64 for number in range(1, 5))
    with branch(tmp_path, place, more=FACTS) as services:
        for customer in (YI, "wm-bing", "wm-ding"):
            tell(services, "zhangsan", customer, ADDED)
        detail(services, "zhangsan", JIA, "2026-11-10T10:00", mobile_sha256=f"{mine} {other} {shared}")
        detail(services, "zhangsan", YI, ADDED, mobile_sha256=f"{shared}")
        detail(services, "zhangsan", "wm-bing", ADDED, mobile_sha256=alone)
        report = complete(services, file(tmp_path, "mobile_sha256,account", f"{mine},1"))
        facts = services.store.contact_knowledge.facts()
        found = {customer: verdict for customer, (verdict, _) in verdicts(services).items()}

    # wm-yi has its only number together with a customer of the file, wm-ding has none that is known.
    assert {key: one.facts["account"] for (_, key), one in facts.items()} == {mine: True, alone: False}
    assert report.absent == 1
    assert found == {
        JIA: "counted",
        YI: "pending:facts",
        "wm-bing": "rejected:facts",
        "wm-ding": "pending:facts",
    }


@pytest.mark.parametrize(
    ("lines", "dry_run"),
    [
        pytest.param([f"{JIA},1"], True, id="a dry run"),
        pytest.param([f"{JIA},maybe"], False, id="a wrong line"),
        pytest.param([f"{JIA},1", f"{JIA},0"], False, id="lines that contradict each other"),
        pytest.param([], False, id="a file without lines"),
    ],
)
def test_nobody_becomes_absent_by(
    tmp_path: Path, place: Path | str, lines: list[str], *, dry_run: bool
) -> None:
    with branch(tmp_path, place, more=FACTS) as services:
        tell(services, "zhangsan", YI, ADDED)
        complete(services, file(tmp_path, "external_userid,account", *lines), dry_run=dry_run)

        assert services.store.contact_knowledge.facts() == {}

"""The branch of the tests of `quotabot progress`: two teams, a monthly and a weekly quota."""

from __future__ import annotations

from pathlib import Path

from builders.e2e import QUOTA, FakeTime, add_customers, at, installation, write_config, write_roster

WEEKLY = '[[quotas]]\nid = "weekly"\nroles = ["客户经理"]\nperiod = "week"\ntarget = 5\n'
WHEN = ("--at", "2026-11-23T12:00")


def two_teams(tmp_path: Path) -> Path:
    """Its configuration; zhang has a contact of early November and two of the 23rd, around noon."""
    (tmp_path / "departments.csv").write_text(
        "id,name,parent\n1,支行,\n11,一部,1\n12,二部,1\n", encoding="utf-8"
    )
    write_roster(
        tmp_path,
        "Zhang,员工甲,11,客户经理,,,,",
        "li,员工乙,12,客户经理,,,,",
        "boss,主管甲,1,主管,1,,,",
    )
    path = write_config(tmp_path, quotas=WEEKLY + QUOTA)
    with installation(path, FakeTime(at("2026-11-23T08:00"))) as services:
        add_customers(
            services, "zhang", at("2026-11-02T10:00"), at("2026-11-23T11:59:59"), at("2026-11-23T12:01")
        )
        add_customers(services, "li", at("2026-10-30T10:00"))
    return path

"""A small branch on either engine, and files to import into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from bot.core.progress import QuotaFigures
from bot.core.relations import RelationEvent, RelationKind
from bot.features.imports.absences import AbsenceLines
from bot.features.imports.csv_import import Lines, Report, import_file
from bot.features.imports.facts import FactLines
from bot.features.ledger.derive import derive
from bot.features.standings.load import load_standings
from bot.services import Services
from builders.e2e import QUOTA, FakeTime, at, installation, write_config, write_roster

NOW = at("2026-11-23T18:00")
FACTS = '[quotas.counting]\nrequired_facts = ["account"]\n'
OWN_BOOK = "[quotas.counting]\nown_book = true\n"
JIA = "wm-jia"
KINDS: dict[str, type[Lines]] = {"absences": AbsenceLines, "facts": FactLines}


def url_of(place: Path | str) -> str:
    """How a configuration names the store at *place*."""
    return place if isinstance(place, str) else f"sqlite:///{place}"


@contextmanager
def branch(
    folder: Path, place: Path | str, *, quotas: str = QUOTA, more: str = "", when: datetime = NOW
) -> Iterator[Services]:
    """zhangsan and lisi with a quota of 50; zhangsan has the customer wm-jia since 10 November."""
    write_roster(folder, "zhangsan,员工甲,1,客户经理,,,,", "lisi,员工乙,1,客户经理,,,,")
    path = write_config(folder, quotas=quotas, more=more, store=url_of(place))
    with installation(path, FakeTime(when)) as services:
        tell(services, "zhangsan", JIA, "2026-11-10T10:00")
        yield services


def tell(
    services: Services,
    userid: str,
    customer: str,
    moment: str,
    kind: RelationKind = RelationKind.ADDED,
    *,
    state: str = "",
    origin: str = "callback",
) -> None:
    """One fact of the ledger, derived."""
    event = RelationEvent(
        userid=userid,
        external_userid=customer,
        at=int(at(moment).timestamp()),
        kind=kind,
        state=state,
    )
    with services.store.transaction():
        services.store.ledger.append(event, origin=origin, recorded_at=0)
    derive(services)


def file(folder: Path, *lines: str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def imported(
    services: Services, what: str, path: Path, *, skip_bad: bool = False, dry_run: bool = False
) -> Report:
    lines = KINDS[what](services, path)
    return import_file(services, lines, path, by="人事", skip_bad=skip_bad, dry_run=dry_run)


def row(services: Services, userid: str = "zhangsan") -> QuotaFigures:
    return next(row for row in load_standings(services, at=NOW).rows if row.userid == userid)


def detail(services: Services, userid: str, customer: str, moment: str, **known: object) -> None:
    """WeCom's details of a contact, as a later reading will store them."""
    services.store.engine.learn(
        """
-- name: detail_now(userid, external_userid, createtime, customer_type, state, tags, unionid, mobile_sha256)!
INSERT INTO details (userid, external_userid, createtime, customer_type, add_way, state, tags, unionid,
                     mobile_sha256, read_at)
VALUES (:userid, :external_userid, :createtime, :customer_type, 1, :state, :tags, :unionid,
        :mobile_sha256, 0)
"""
    )
    given = {"customer_type": 1, "state": "", "tags": "[]", "unionid": "", "mobile_sha256": ""} | known
    services.store.engine.run(
        "detail_now",
        userid=userid,
        external_userid=customer,
        createtime=int(at(moment).timestamp()),
        **given,
    )

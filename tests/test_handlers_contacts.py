"""From callbacks to adds, over the wire and through the store: repetition and order change nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from builders.e2e import rows_of, where
from builders.examples import tried
from builders.service import EVENT_AT, Site, contact_event, running, sealed, services
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from bot.core.relations import RelationEvent, RelationKind, fold
from bot.services import Services
from handlers.inbox import work_off

ADDS = "SELECT userid, external_userid, added_at, nth, ended_at, ended_by, slips FROM adds ORDER BY 1, 2, 3"
PACKAGES = {"bot", "handlers", "scheduler", "sandbox"}


@pytest.fixture
def site(tmp_path: Path, place: Path | str) -> Iterator[Site]:
    rest = f'[store]\nurl = "{place}"\n' if isinstance(place, str) else ""
    with services(tmp_path, rest=rest) as opened, running(opened) as site:
        yield site


def seen(opened: Services, query: str) -> list[tuple[object, ...]]:
    """What another program sees in the store."""
    return [tuple(row.values()) for row in rows_of(where(opened), query)]


def adds(opened: Services) -> list[tuple[object, ...]]:
    return seen(opened, ADDS)


def test_one_add_delivered_three_times_with_new_nonces_and_ciphertexts_counts_once(site: Site) -> None:
    deliveries = [sealed(contact_event(), timestamp=None) for _ in range(3)]
    assert len({delivery.body for delivery in deliveries}) == 3

    answers = [site.post(delivery).status for delivery in deliveries]
    work_off(site.services)

    assert answers == [200, 200, 200]
    assert seen(site.services, "SELECT count(*) AS events FROM inbox") == [(1,)]
    assert len(adds(site.services)) == 1


def test_a_delivery_that_comes_again_after_it_was_handled_counts_once(site: Site) -> None:
    for _ in range(3):
        assert site.post(sealed(contact_event())).status == 200
        work_off(site.services)

    assert seen(site.services, "SELECT state FROM inbox") == [("done",)]
    assert len(adds(site.services)) == 1


def test_two_different_adds_of_one_employee_in_one_second_both_count(site: Site) -> None:
    for customer in ("wm1", "wm2"):
        site.post(sealed(contact_event(customer=customer, at=EVENT_AT)))
    work_off(site.services)

    assert [(row[1], row[2]) for row in adds(site.services)] == [("wm1", EVENT_AT), ("wm2", EVENT_AT)]


def test_one_customer_added_by_two_employees_in_one_second_counts_for_both(site: Site) -> None:
    for userid in ("sales01", "sales02"):
        site.post(sealed(contact_event(userid=userid)))
    work_off(site.services)

    assert [row[0] for row in adds(site.services)] == ["sales01", "sales02"]


def test_the_same_fact_in_another_wording_counts_once(site: Site) -> None:
    """A retry may come without the welcome code, and userids compare without case."""
    for body in (
        contact_event(extra="<WelcomeCode><![CDATA[WCsim1]]></WelcomeCode>"),
        contact_event(),
        contact_event(userid="SALES01"),
        contact_event().replace(b"<![CDATA[sales01]]>", b" sales01 "),
    ):
        assert site.post(sealed(body)).status == 200
    work_off(site.services)

    assert seen(site.services, "SELECT count(*) AS events FROM inbox") == [(4,)]
    assert len(adds(site.services)) == 1


def test_the_channel_of_an_add_is_kept_in_the_ledger(site: Site) -> None:
    site.post(sealed(contact_event(extra="<State><![CDATA[store_sh_01]]></State>")))
    work_off(site.services)

    assert seen(site.services, "SELECT state, origin FROM relation_events") == [("store_sh_01", "callback")]


@dataclass(frozen=True)
class Happening:
    """One event as WeCom may send it."""

    change: str
    userid: str
    customer: str
    at: int
    source: str = ""

    def body(self) -> bytes:
        extra = f"<Source><![CDATA[{self.source}]]></Source>" if self.source else ""
        return contact_event(self.change, userid=self.userid, customer=self.customer, at=self.at, extra=extra)

    def fact(self) -> RelationEvent:
        kind = {
            "add_external_contact": RelationKind.ADDED,
            "add_half_external_contact": RelationKind.HALF_ADDED,
            "edit_external_contact": RelationKind.EDITED,
            "del_external_contact": RelationKind.TRANSFERRED if self.source else RelationKind.LOST_BY_MEMBER,
            "del_follow_user": RelationKind.LOST_BY_CUSTOMER,
            "transfer_fail": RelationKind.TRANSFER_FAILED,
        }[self.change]
        return RelationEvent(userid=self.userid, external_userid=self.customer, at=self.at, kind=kind)


DAY = 86_400
CHANGES = [
    *("add_external_contact",) * 3,
    *("del_external_contact", "del_follow_user"),
    *("add_half_external_contact", "edit_external_contact", "transfer_fail"),
]
# Few people and few times, so that events meet; gaps on both sides of the three days of a slip.
HAPPENINGS = st.builds(
    Happening,
    change=st.sampled_from(CHANGES),
    userid=st.sampled_from(["sales01", "sales02"]),
    customer=st.sampled_from(["wm1", "wm2"]),
    at=st.sampled_from([EVENT_AT + gap for gap in (0, 1, DAY, 3 * DAY - 1, 3 * DAY, 3 * DAY + 1, 9 * DAY)]),
)
TRANSFERS = st.builds(
    Happening,
    change=st.just("del_external_contact"),
    userid=st.just("sales01"),
    customer=st.just("wm1"),
    at=st.sampled_from([EVENT_AT + 1, EVENT_AT + DAY]),
    source=st.just("DELETE_BY_TRANSFER"),
)


def deliver(opened: Services, happenings: list[Happening], *, batches: random.Random) -> None:
    """Store the events in this order, and work them off now and then."""
    for number, happening in enumerate(happenings):
        # A repetition differs in a field that means nothing, as hashes of equal bodies meet in the inbox.
        body = happening.body().replace(b"</xml>", f"<X>{number}</X></xml>".encode())
        with opened.store.transaction():
            opened.store.engine.run_many(
                "inbox_add", [{"hash": sha256(body).hexdigest(), "body": body, "received_at": 1}]
            )
        if batches.random() < 0.3:
            work_off(opened)
    work_off(opened)


@tried(40, unhealthy=tuple(HealthCheck))
@given(
    happenings=st.lists(st.one_of(HAPPENINGS, TRANSFERS), min_size=1, max_size=12),
    seed=st.integers(0, 2**32),
)
def test_any_order_and_any_repetition_of_the_same_events_gives_the_same_rows(
    happenings: list[Happening], seed: int
) -> None:
    with (
        TemporaryDirectory() as one,
        TemporaryDirectory() as two,
        services(Path(one)) as first,
        services(Path(two)) as second,
    ):
        straight, mixed = straight_and_mixed(first, second, happenings, chance=random.Random(seed))

    assert mixed == straight
    assert straight == folded(happenings)


def test_any_order_and_any_repetition_gives_the_same_rows_on_postgresql_too(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    """One pair of databases for all examples, emptied for each: making them takes the time."""
    urls = [new_database(), new_database()]
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()

    @tried(30, unhealthy=tuple(HealthCheck))
    @given(
        happenings=st.lists(st.one_of(HAPPENINGS, TRANSFERS), min_size=1, max_size=12),
        seed=st.integers(0, 2**32),
    )
    def law(happenings: list[Happening], seed: int) -> None:
        for url in urls:
            with psycopg.connect(url) as connection:
                connection.execute("TRUNCATE inbox, relation_events, dirty, adds")
        straight, mixed = straight_and_mixed(first, second, happenings, chance=random.Random(seed))

        assert mixed == straight
        assert straight == folded(happenings)

    with (
        services(folders[0], rest=f'[store]\nurl = "{urls[0]}"\n') as first,
        services(folders[1], rest=f'[store]\nurl = "{urls[1]}"\n') as second,
    ):
        law()


def straight_and_mixed(
    first: Services, second: Services, happenings: list[Happening], *, chance: random.Random
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """What comes of the events as they are, and of the same events shuffled and repeated."""
    shuffled = happenings + chance.choices(happenings, k=len(happenings))
    chance.shuffle(shuffled)
    deliver(first, happenings, batches=chance)
    deliver(second, shuffled, batches=chance)
    return adds(first), adds(second)


def folded(happenings: list[Happening]) -> list[tuple[object, ...]]:
    """What the core makes of the whole set, as rows without the text of the slips."""
    found: list[tuple[object, ...]] = []
    for pair in {(happening.userid, happening.customer) for happening in happenings}:
        facts = [one.fact() for one in happenings if (one.userid, one.customer) == pair]
        for add in fold(facts, regain_s=3 * DAY):
            ended_by = None if add.ended_by is None else add.ended_by.value
            slips = [[slip.lost_at, slip.lost_by.value, slip.regained_at] for slip in add.slips]
            text = repr(slips).replace("'", '"')
            found.append(
                (add.userid, add.external_userid, add.added_at, add.nth, add.ended_at, ended_by, text)
            )
    return sorted(found, key=lambda row: row[:3])


def test_no_other_distribution_brings_packages_of_our_names() -> None:
    """Four common names at the top: in one environment with others they could meet."""
    owners = {
        (package, distribution.name)
        for distribution in distributions()
        for package in _top_level(distribution.read_text("top_level.txt"), distribution.files or [])
        if package in PACKAGES and distribution.name != "wecom-quota-bot"
    }

    assert owners == set()


def _top_level(listed: str | None, files: Iterable[object]) -> set[str]:
    names = [str(file) for file in files]
    packages = {name.split("/")[0] for name in names if name.endswith("/__init__.py")}
    modules = {name.removesuffix(".py") for name in names if "/" not in name}
    return packages | modules | set((listed or "").split())

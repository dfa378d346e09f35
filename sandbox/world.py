"""The state of the sandbox: a corp, its people and phones, its clock, its faults. In memory, thread-safe."""

from __future__ import annotations

import random
import string
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sandbox.card_desk import CardDesk
from sandbox.clock import VirtualClock
from sandbox.codes import CodeDesk
from sandbox.contacts import Chats, ContactBook
from sandbox.customer import Customers
from sandbox.faults import Faults
from sandbox.groups import first_robots
from sandbox.limits import Window
from sandbox.mailbox import Mailbox
from sandbox.people import Branch, Person, Tag
from sandbox.shelf import Shelf
from sandbox.switches import ApiSwitches, Board, CallbackSwitches
from sandbox.tokens import TokenDesk
from sandbox.transfers import Transfers
from sandbox.welcome import WelcomeDesk
from sandbox.workdays import WorkCalendar

_ID_CHARS = string.ascii_letters + string.digits + "_-"
_ID_LENGTH = 32
_CALLS_KEPT = 20_000
_CHANGEABLE = {
    **dict.fromkeys(("tags", "personal_tags", "remark_mobiles"), list),
    "add_way": int,
    **dict.fromkeys(("state", "remark", "name"), str),
}


@dataclass(slots=True, kw_only=True)
class Call:
    """One API call as logged. *at* virtual, *real_at* real seconds; *errcode* None: no answer was given."""

    n: int
    path: str
    ip: str
    at: float
    real_at: float
    bytes: int = 0
    sha256: str = ""
    request: str = ""
    status: int | None = None
    errcode: int | None = None
    msgid: str | None = None
    delivered: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)
    duplicate_of: str | None = None
    faults: list[str] = field(default_factory=list)
    ms: float = 0.0


class World:
    """The data of WeCom's servers. Hold `lock` to read or change several values at once.

    *real* is the real clock (epoch seconds); tests replace it to pass token expiry and windows.
    """

    def __init__(
        self,
        branch: Branch,
        *,
        clock: VirtualClock | None = None,
        real: Callable[[], float] = time.time,
        api: ApiSwitches | None = None,
        callbacks: CallbackSwitches | None = None,
        callback_url: str = "",
        calendar: WorkCalendar | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.branch = branch
        self.app = branch.app
        self.people: dict[str, Person] = {person.key: person for person in branch.people}
        self.departments = {department.id: department for department in branch.departments}
        self.tags: dict[int, Tag] = {}
        self.visible_range = branch.whole_range()
        self.clock = clock or VirtualClock()
        self.real = real
        self.api = api or ApiSwitches()
        self.callbacks = callbacks or CallbackSwitches()
        self.callback_url = callback_url
        self.calendar = calendar or WorkCalendar()
        self.tokens = TokenDesk(branch.app)
        self.codes = CodeDesk()
        self.mailbox = Mailbox()
        self.welcomes = WelcomeDesk()
        self.robots = first_robots()
        self.cards = CardDesk()
        self.media = Shelf()
        self.menu: dict[str, object] | None = None  # the app's menu as given to menu/create
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=_CALLS_KEPT)
        self.in_flight: Counter[str] = Counter()  # calls by path
        self.contacts = ContactBook(seed=branch.seed)
        self.chats: dict[tuple[str, date], Chats] = {}  # chats set by a test instead of made-up ones
        self.transfers = Transfers()
        self.reads: defaultdict[str, Window] = defaultdict(lambda: Window(seconds=60))
        self.read_blocked_until: dict[str, float] = {}
        self.customers = Customers()
        self.board = Board()
        self.beside: Mapping[str, Any] | None = None  # what the bot says of itself, if something asks it
        self.language = ""  # of the page: chosen, or the first visitor's
        self.looked_at = 0.0  # of the page, in real time
        self.stopping = threading.Event()
        # The same seed must give the same world; nothing here is a secret.
        self.rng = random.Random(branch.seed)  # noqa: S311 - see above
        self._customers: dict[str, list[str]] = {}
        self._call_count = 0

    def new_call(self, path: str, *, ip: str) -> Call:
        """Return a new line of the call log."""
        with self.lock:
            self._call_count += 1
            call = Call(n=self._call_count, path=path, ip=ip, at=self.clock.now(), real_at=self.real())
            self.calls.append(call)
            return call

    def new_customer(self, *, is_wecom_user: bool = False) -> str:
        """Return a new external_userid: wm… for a WeChat user, wo… for a user of another corp."""
        with self.lock:
            return new_external_userid(self.rng, prefix="wo" if is_wecom_user else "wm")

    def customers_of(self, userid: str) -> list[str]:
        """Return the customers of *userid*, the newest last."""
        with self.lock:
            return list(self._customers.get(userid.lower(), ()))

    def set_contact(self, userid: str, external_userid: str, *, is_alive: bool) -> None:
        """Record that the two are contacts, or no longer."""
        with self.lock:
            contacts = self._customers.setdefault(userid.lower(), [])
            if external_userid in contacts:
                contacts.remove(external_userid)
            if is_alive:
                contacts.append(external_userid)

    def change_contact(self, userid: str, external_userid: str, changes: Mapping[str, object]) -> None:
        """Change tags, personal_tags, remark, remark_mobiles, add_way or state of a contact, silently.

        *name* changes the customer's own name. *changes* may hold other keys. Tags are given by id,
        "group/name" or name. Raises ValueError.
        """
        with self.lock:
            wanted = {name: changes[name] for name in _CHANGEABLE if name in changes}
            contact = self.contacts.get(userid, external_userid)
            if not wanted:
                return
            if contact is None:
                raise ValueError(f"{userid} does not have the customer {external_userid}")
            for name, value in wanted.items():
                if type(value) is not _CHANGEABLE[name]:
                    raise ValueError(f"{name} must be {_CHANGEABLE[name].__name__}, not {value!r}")
                if name == "name":
                    self.contacts.take_name(external_userid, str(value))
                else:
                    setattr(contact, name, self._tag_ids(value) if name == "tags" else value)

    def _tag_ids(self, names: object) -> list[str]:
        try:
            return [self.contacts.tag_named(str(name)).id for name in names]  # type: ignore[attr-defined]  # a list
        except KeyError as exc:
            raise ValueError(f"no tag {exc.args[0]!r}, or several") from exc

    def in_range(self, departments: set[int] | None = None) -> list[Person]:
        """Return the visible people, all or those of *departments* and below."""
        with self.lock:
            users, allowed = self._allowed()
            visible = [person for person in self.people.values() if _is_seen(person, users, allowed)]
            if departments is None:
                return visible
            wanted = self.with_below(departments)
            return [person for person in visible if wanted.intersection(person.departments)]

    def sees(self, person: Person) -> bool:
        """Return whether *person* is in the app's visible range: by name, department or tag."""
        with self.lock:
            return _is_seen(person, *self._allowed())

    def _allowed(self) -> tuple[set[str], set[int]]:
        allowed = self.visible_range
        users, departments = set(allowed.users), set(allowed.departments)
        for tag in (self.tags[number] for number in allowed.tags if number in self.tags):
            users |= set(tag.users)
            departments |= set(tag.departments)
        return users, self.with_below(departments)

    def visible_departments(self) -> set[int]:
        """Return the departments in the app's visible range; a tag gives people, not departments."""
        return self.with_below(set(self.visible_range.departments)) & self.departments.keys()

    def change_person(self, userid: str, *, visible: bool | None, licensed: bool | None) -> Person:
        """Change the app's access to *userid*. Raises KeyError for an unknown userid."""
        with self.lock:
            person = self.people[userid.lower()]
            changed = replace(
                person,
                visible=person.visible if visible is None else visible,
                licensed=person.licensed if licensed is None else licensed,
            )
            self.people[person.key] = changed
            return changed

    def with_below(self, departments: set[int]) -> set[int]:
        """Return *departments* and all below them."""
        wanted = set(departments)
        for _ in self.departments:  # at most as deep as there are departments
            wanted |= {child.id for child in self.departments.values() if child.parent in wanted}
        return wanted


def _is_seen(person: Person, users: set[str], departments: set[int]) -> bool:
    return person.visible and (person.key in users or not departments.isdisjoint(person.departments))


def new_external_userid(rng: random.Random, *, prefix: str) -> str:
    """Return 32 characters in the form of an external_userid, drawn from *rng*."""
    return prefix + "".join(rng.choices(_ID_CHARS, k=_ID_LENGTH - len(prefix)))

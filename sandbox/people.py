"""The corp: its one app, its departments and its people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A self-built app (企业自建应用) and its corp, as the admin console shows them. All of it is made up."""

    corp_id: str
    agent_id: int
    secret: str
    callback_token: str
    callback_aes_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department; *parent* is None for the topmost one."""

    id: int
    name: str
    parent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member. WeCom keeps the case of *userid* in events, ignores it in requests, answers in lower case.

    *visible*: False hides this person regardless of the app's visible range (应用可见范围). *licensed*: has
    the base licence. *share* is the part-time factor as in the roster. *status*: 1 active, 2 disabled, 4 not
    activated, 5 left. *main_department*: None is the first of *departments*.
    """

    userid: str
    name: str
    departments: tuple[int, ...] = ()
    role: str = ""
    leader_of: tuple[int, ...] = ()
    joined_on: date | None = None
    left_on: date | None = None
    share: str = "1"
    visible: bool = True
    licensed: bool = True
    position: str = ""
    status: int = 1
    main_department: int | None = None
    direct_leader: str = ""

    @property
    def key(self) -> str:
        """Return the userid as WeCom answers it."""
        return self.userid.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag of members (标签): people in lower case, and departments with all below them."""

    id: int
    name: str
    users: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleRange:
    """The app's visible range (可见范围) in the admin console; departments with all below them."""

    users: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()
    tags: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A whole made-up branch, from which a world is built."""

    app: App
    departments: tuple[Department, ...]
    people: tuple[Person, ...]
    seed: int

    def whole_range(self) -> VisibleRange:
        """Return the visible range that shows everybody."""
        return VisibleRange(departments=tuple(each.id for each in self.departments if each.parent is None))

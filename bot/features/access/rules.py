"""The rights: which pages a person may open. The only place that decides it."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date
from enum import StrEnum

from bot.core.people import Person

_OWN_PATH = re.compile(r"/[\w~.-]+(?:/[\w~.-]+)*(?:\?[\w~.=&%:-]*)?(?:#[\w~.=%:-]*)?", re.ASCII)
_LONGEST_PATH = 300


class Page(StrEnum):
    """A page of the bot; the value is its path without the slash."""

    ME = "me"
    TEAM = "team"
    REVIEW = "review"
    ADMIN = "admin"


def pages_of(
    userid: str,
    person: Person | None,
    *,
    day: date,
    reviewers: Collection[str] = (),
    admins: Collection[str] = (),
) -> frozenset[Page]:
    """Return the pages that *userid* (lower case) may open on the local *day*; none for strangers.

    *person*: what the roster says of them, None for nothing. Reviewers and administrators may be people
    outside the roster, with no page of their own figures. Who left, or has not begun, opens nothing. Leaders
    see their team, and decide what comes to them.
    """
    is_reviewer, is_admin = userid in reviewers, userid in admins
    if person is not None and not person.employed_on(day):
        return frozenset()
    leads = person is not None and bool(person.leader_of)
    allowed = {
        Page.ME: person is not None,
        Page.TEAM: leads,
        Page.REVIEW: leads or is_reviewer or is_admin,
        Page.ADMIN: is_admin,
    }
    return frozenset(page for page, may in allowed.items() if may)


def home_of(pages: Collection[Page]) -> Page:
    """Return the page to show first of the *pages* that a person may open, at least one."""
    return next(page for page in Page if page in pages)


def own_path(path: str) -> str:
    """Return *path* if it is one of this site, to go back to after a login; else the empty text.

    Only plain paths are taken: nothing that a browser could read as another host.
    """
    return path if len(path) <= _LONGEST_PATH and _OWN_PATH.fullmatch(path) else ""

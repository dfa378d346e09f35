"""WeCom's answers about a customer, handled for each relation; `bot.wecom.errors` has the error classes.

84061 means that there is no such contact. Soon after an add it may only be WeCom's delay, so the bot retries.
After a recorded end the bot does not retry: the relation ended before it could be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.core.relations import SAME_ADD_S, Add, fold
from bot.features.customers import names
from bot.features.ledger.versions import load_regain
from bot.services import Services
from bot.store.customers import CustomerName
from bot.store.details import STUCK_TRIES, ContactRead, Read, ReadState
from bot.wecom.contacts import NOT_A_CONTACT, CustomerDetails, Follower
from bot.wecom.errors import MAX_SYSTEM_BUSY_TRIES, AnswerError, ErrorKind, WeComError, kind_of

log = structlog.get_logger(__name__)

# Seconds from each failed try to the next: first WeCom's delay, then faults that a person must mend.
SOON_S = (5, 30, 120, 600)
RETRY_S = (*SOON_S, 3_600, 21_600, *(86_400,) * 30)
ENDED = "ended before it could be read"
_OLD_ADD = "WeCom still tells of an earlier add"  # and of its createtime


Act = Callable[[], object]
Acts = dict[Read, Act]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One customer to ask about. *due*: relations to read now; *others* also use the answer."""

    external_userid: str
    due: tuple[Read, ...]
    others: tuple[Read, ...] = ()


class Details:
    """The store of answers. It returns one act for each relation.

    The caller carries out the acts in the order of relations, so that transactions cannot block each other.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store

    def keep(self, question: Question, customer: CustomerDetails, *, now: int) -> Acts:
        """Store an answer; retry relations that are absent, or present with an older add only.

        Call it inside a transaction.
        """
        customer = self._without_erased(customer)
        details = self._store.details
        details.put([_contact(customer, follower) for follower in customer.followers], read_at=now)
        details.put_tags([tag for follower in customer.followers for tag in follower.tags])
        names.keep(self._services, (_named(customer, follower) for follower in customer.followers))
        acts: Acts = {}
        for read in (*question.due, *question.others):
            followers = [follower for follower in customer.followers if follower.userid == read.userid]
            if followers and self._is_newest(read, followers):
                acts[read] = partial(details.done, read)
            elif followers and self._holds(read, followers):
                details.put([self._as_newest(read, customer, followers)], read_at=now)
                acts[read] = partial(details.done, read)
            elif read in question.due:
                acts[read] = self._not_told(read, followers, now=now)
        return acts

    def _without_erased(self, customer: CustomerDetails) -> CustomerDetails:
        """Return *customer* without the contacts that were erased."""
        erasures = self._store.erasures
        if not erasures.any():
            return customer
        left = [
            one for one in customer.followers if not erasures.is_erased(one.userid, customer.external_userid)
        ]
        return replace(customer, followers=tuple(left))

    def miss(self, question: Question, error: WeComError, *, now: int) -> Acts:
        """Retry or give up each due relation of a customer without an answer."""
        return {read: self._missed(read, error, now=now) for read in question.due}

    def _missed(self, read: Read, error: WeComError, *, now: int) -> Act:
        code = error.errcode if isinstance(error, AnswerError) else 0
        if code == NOT_A_CONTACT and not self._is_alive(read):
            return partial(self._store.details.end, read, state=ReadState.ENDED, error=ENDED)
        if code and kind_of(code) is ErrorKind.PERMANENT:
            return self._given_up(read, error)
        tries = read.attempts + 1
        if code == -1 and tries >= MAX_SYSTEM_BUSY_TRIES:
            tries = max(tries, STUCK_TRIES)
        if tries > len(RETRY_S):
            return self._given_up(read, error)
        return self._later(read, tries=tries, wait_until=now + RETRY_S[tries - 1], error=str(error))

    def _not_told(self, read: Read, followers: Sequence[Follower], *, now: int) -> Act:
        if not followers:
            return self._missed(read, AnswerError(NOT_A_CONTACT), now=now)
        tries = min(read.attempts + 1, len(SOON_S))
        wait_until = now + SOON_S[tries - 1]
        return self._later(read, tries=tries, wait_until=wait_until, error=_old_add(followers))

    def _holds(self, read: Read, followers: Sequence[Follower]) -> bool:
        """Return whether an answer about an older add holds for the newest one.

        WeCom may keep the createtime of an earlier add. It does when a second answer gives the same one;
        from then on each answer holds at once.
        """
        return read.error == _old_add(followers) or self._store.details.has(
            read.userid, read.external_userid, createtime=self._newest_moment(read)
        )

    def _as_newest(self, read: Read, customer: CustomerDetails, followers: Sequence[Follower]) -> ContactRead:
        """Return WeCom's answer under the moment of the newest add."""
        told = max(followers, key=lambda follower: follower.createtime)
        return replace(_contact(customer, told), createtime=self._newest_moment(read))

    def _newest_moment(self, read: Read) -> int:
        newest = self._adds(read)[-1]
        return max((newest.added_at, *(slip.regained_at for slip in newest.slips)))

    def _later(self, read: Read, *, tries: int, wait_until: int, error: str) -> Act:
        return partial(self._store.details.later, read, attempts=tries, next_try_at=wait_until, error=error)

    def _given_up(self, read: Read, error: WeComError) -> Act:
        log.warning("contact given up", reason=str(error))
        return partial(self._store.details.end, read, state=ReadState.FAILED, error=str(error))

    def _adds(self, read: Read) -> Sequence[Add]:
        # From the facts, not the derived adds: an add is read as soon as it is known.
        facts = self._store.ledger.relation(read.userid, read.external_userid)
        return fold(facts, regain_s=load_regain(self._services))

    def _is_alive(self, read: Read) -> bool:
        adds = self._adds(read)
        return bool(adds) and adds[-1].ended_at is None

    def _is_newest(self, read: Read, followers: Sequence[Follower]) -> bool:
        """Return whether WeCom's answer is about the newest known add; True without a known add."""
        adds = self._adds(read)
        if not adds:
            return True
        newest = adds[-1]
        moments = (newest.added_at, *(slip.regained_at for slip in newest.slips))
        times = [follower.createtime for follower in followers]
        return any(abs(created - moment) <= SAME_ADD_S for created in times for moment in moments)


def _old_add(followers: Sequence[Follower]) -> str:
    return f"{_OLD_ADD} ({max(follower.createtime for follower in followers)})"


def _contact(customer: CustomerDetails, follower: Follower) -> ContactRead:
    return ContactRead(
        userid=follower.userid,
        external_userid=customer.external_userid,
        createtime=follower.createtime,
        customer_type=customer.customer_type,
        add_way=follower.add_way,
        state=follower.state,
        oper_userid=follower.oper_userid,
        tags=tuple(tag.id for tag in follower.tags),
        unionid=customer.unionid,
        mobiles_sha256=follower.mobiles_sha256,
    )


def _named(customer: CustomerDetails, follower: Follower) -> CustomerName:
    return CustomerName(
        userid=follower.userid,
        external_userid=customer.external_userid,
        name=customer.name,
        remark=follower.remark,
    )

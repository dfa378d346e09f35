"""What WeCom's answer about a customer means for those who have him; `bot.wecom.errors` has the classes.

84061 says that there is no such contact. Soon after an add it may only be WeCom's delay, so it is asked
again; after a recorded end the relation ended before it could be read, and nobody asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from bot.core.relations import Add, fold
from bot.features.customers import names
from bot.features.standings.knowledge import SAME_ADD_S
from bot.services import Services
from bot.store.customers import CustomerName
from bot.store.details import STUCK_TRIES, ContactRead, Read, ReadState, Tag
from bot.wecom.contacts import NOT_A_CONTACT, CustomerDetails, CustomerTag, Follower
from bot.wecom.errors import MAX_SYSTEM_BUSY_TRIES, AnswerError, ErrorKind, WeComError, kind_of

log = structlog.get_logger(__name__)

# Seconds from each failed try to the next: WeCom's delay first, then what a person has to set right.
SOON_S = (5, 30, 120, 600)
RETRY_S = (*SOON_S, 3_600, 21_600, *(86_400,) * 30)
ENDED = "ended before it could be read"
_OLD_ADD = "WeCom still tells of an earlier add"


Act = Callable[[], object]
Acts = dict[Read, Act]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One customer to be asked about. *due*: whose turn it is; *others* wait, and profit from the answer."""

    external_userid: str
    due: tuple[Read, ...]
    others: tuple[Read, ...] = ()


class Details:
    """Keeps answers, and says what else there is to do: for each relation one act on its wish.

    The acts are the caller's to carry out, in the order of relations, so that no two transactions wait for
    each other.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store

    def keep(self, question: Question, customer: CustomerDetails, *, now: int) -> Acts:
        """Store what WeCom told; who is not in it, or with an older add only, is asked about again.

        Call it inside a transaction.
        """
        details = self._store.details
        details.put([_contact(customer, follower) for follower in customer.followers], read_at=now)
        details.put_tags(tags_of(tag for follower in customer.followers for tag in follower.tags))
        names.keep(self._services, (_named(customer, follower) for follower in customer.followers))
        acts: Acts = {}
        for read in (*question.due, *question.others):
            told = [follower for follower in customer.followers if follower.userid == read.userid]
            if told and self._is_newest(read, told):
                acts[read] = partial(details.done, read)
            elif read in question.due:
                acts[read] = self._not_told(read, is_follower=bool(told), now=now)
        return acts

    def miss(self, question: Question, error: WeComError, *, now: int) -> Acts:
        """WeCom told nothing of this customer: each whose turn it was is tried again, or given up."""
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

    def _not_told(self, read: Read, *, is_follower: bool, now: int) -> Act:
        if not is_follower:
            return self._missed(read, AnswerError(NOT_A_CONTACT), now=now)
        if read.attempts >= len(SOON_S):  # WeCom dates the contact otherwise, and will not change its mind
            return partial(self._store.details.done, read)
        wait_until = now + SOON_S[read.attempts]
        return self._later(read, tries=read.attempts + 1, wait_until=wait_until, error=_OLD_ADD)

    def _later(self, read: Read, *, tries: int, wait_until: int, error: str) -> Act:
        return partial(self._store.details.later, read, attempts=tries, next_try_at=wait_until, error=error)

    def _given_up(self, read: Read, error: WeComError) -> Act:
        log.warning("contact given up", reason=str(error))
        return partial(self._store.details.end, read, state=ReadState.FAILED, error=str(error))

    def _adds(self, read: Read) -> Sequence[Add]:
        # From the facts, not from what is derived of them: an add is read the moment it is known.
        facts = self._store.ledger.relation(read.userid, read.external_userid)
        return fold(facts, regain_s=self._services.config.ledger.regain_s)

    def _is_alive(self, read: Read) -> bool:
        adds = self._adds(read)
        return bool(adds) and adds[-1].ended_at is None

    def _is_newest(self, read: Read, told: Sequence[Follower]) -> bool:
        """Whether WeCom tells of the newest add that we know; of a contact older than we, of any."""
        adds = self._adds(read)
        if not adds:
            return True
        newest = adds[-1]
        moments = (newest.added_at, *(slip.regained_at for slip in newest.slips))
        return any(abs(one.createtime - at) <= SAME_ADD_S for one in told for at in moments)


def tags_of(tags: Iterable[CustomerTag]) -> list[Tag]:
    """*tags* as the store keeps them."""
    return [Tag(id=tag.id, kind=tag.kind, group=tag.group, name=tag.name) for tag in tags]


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

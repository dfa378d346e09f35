"""The lists of all members, read into the store page by page. An unreadable list is unknown, never empty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bot.core.sync import FELL_OUT, UNLICENSED
from bot.features.customers import names
from bot.messages.sentences import Sentence
from bot.services import Services
from bot.store.customers import CustomerName
from bot.store.sync import Member, SyncRun
from bot.wecom.asker import Asker, StoppedError
from bot.wecom.client import WeComClient
from bot.wecom.contacts import (
    BAD_CURSOR,
    FOLLOW_USERS,
    LISTS,
    MEMBERS_PER_CALL,
    NOT_A_CONTACT,
    ContactPage,
    ListedContact,
    contact_page,
    follow_users,
)
from bot.wecom.errors import AnswerError, ErrorKind, MalformedError, UnknownOutcomeError, WeComError

_RESTARTS = 2
_IN_A_ROW = 30  # calls refused for one reason and none answered: it is no matter of a single member
# Codes of one member, beside those of a receiver: no member, not active, a userid that WeCom does not take.
_OF_A_MEMBER = frozenset({60111, 41054, 84072, 40003, 40031, 40058, 40096})

Tell = Callable[[str, int, int], None]  # step, done, in all


class Lists:
    """The reader of the lists. It goes on where an earlier process stopped."""

    def __init__(self, services: Services, client: WeComClient, asker: Asker) -> None:
        self._services = services
        self._syncs = services.store.syncs
        self._transaction = services.store.transaction
        self._ledger = services.store.ledger
        self._client = client
        self._asker = asker
        self._refusal: tuple[int, int] = (0, 0)  # the last code, and how often it came in a row

    def members(self) -> frozenset[str]:
        """Return the userids with 客户联系 in the visible range. Raises StoppedError without them."""
        try:
            return self._asker.ask(FOLLOW_USERS, lambda token: follow_users(self._client, token=token))
        except WeComError as error:
            raise StoppedError(Sentence("sentences.who_has_customers", why=str(error))) from None

    def batches(self, userids: Iterable[str]) -> list[Sequence[str]]:
        """Return *userids* in groups to be read together.

        Members without customers are apart, because one of them may fail a whole call.
        """
        having = set(self._ledger.with_customers())
        ordered = sorted(userids)
        found: list[Sequence[str]] = []
        for wanted in (True, False):
            group = [userid for userid in ordered if (userid in having) is wanted]
            found += [
                group[first : first + MEMBERS_PER_CALL] for first in range(0, len(group), MEMBERS_PER_CALL)
            ]
        return found

    def read(self, tell: Tell) -> None:
        """Read the unread lists. Raises StoppedError."""
        counts = self._syncs.counts()
        total = sum(counts.values())
        while userids := self._syncs.batch():
            counts = self._syncs.counts()
            tell("reading", total - counts.get(Member.WANTED, 0), total)
            run = self._syncs.unfinished()
            if run is None:
                raise StoppedError(Sentence("sentences.new_run"))
            self._read_batch(run, userids)
        tell("reading", total, total)

    def freeze_fallen(self) -> frozenset[str]:
        """Mark as unknown the lists of members who fell out meanwhile: WeCom may have shown them empty.

        Return the userids that may have customers now.
        """
        still = self.members()
        fallen = [userid for userid in self._syncs.some(Member.READ, most=10**9) if userid not in still]
        with self._transaction():
            self._syncs.forget_lists(fallen)
            self._syncs.put_states(dict.fromkeys(fallen, (Member.UNKNOWN, FELL_OUT)))
        return still

    def _read_batch(self, run: SyncRun, userids: Sequence[str]) -> None:
        cursor, restarts = run.cursor, 0
        unlicensed: set[str] = set()
        while True:
            try:
                page = self._page(userids, cursor)
            except AnswerError as error:
                if error.errcode == BAD_CURSOR and cursor and restarts < _RESTARTS:
                    cursor, restarts = "", restarts + 1
                    self._begin_again(run, userids)
                    continue
                self._refused(run, userids, error)
                return
            except MalformedError as error:
                self._refused(run, userids, error)
                return
            except UnknownOutcomeError as error:
                self._not_known(run, userids, str(error))
                return
            self._refusal = (0, 0)
            unlicensed |= page.unlicensed
            self._keep(run, userids, page, unlicensed)
            if not page.next_cursor:
                return
            cursor = page.next_cursor

    def _page(self, userids: Sequence[str], cursor: str) -> ContactPage:
        def call(token: str) -> ContactPage:
            named = self._services.config.privacy.store_customer_names
            return contact_page(self._client, userids, cursor=cursor, token=token, named=named)

        page = self._asker.ask(LISTS, call)
        if page.next_cursor and page.next_cursor == cursor:
            raise UnknownOutcomeError(Sentence("sentences.endless"))
        return page

    def _keep(self, run: SyncRun, userids: Sequence[str], page: ContactPage, unlicensed: set[str]) -> None:
        asked = set(userids) - unlicensed
        states = dict.fromkeys(unlicensed & set(userids), (Member.UNKNOWN, UNLICENSED))
        if not page.next_cursor:
            states |= dict.fromkeys(asked, (Member.READ, ""))
        with self._transaction():
            contacts = self._known([contact for contact in page.contacts if contact.userid in asked])
            self._syncs.put_page(run, contacts, cursor=page.next_cursor)
            names.keep(self._services, map(_named, contacts))
            self._syncs.put_states(states)
            self._syncs.forget_lists(sorted(unlicensed & set(userids)))

    def _known(self, contacts: Sequence[ListedContact]) -> Sequence[ListedContact]:
        """Return *contacts* without those that were erased."""
        erasures = self._services.store.erasures
        if not erasures.any():
            return contacts
        return [one for one in contacts if not erasures.is_erased(one.userid, one.external_userid)]

    def _begin_again(self, run: SyncRun, userids: Sequence[str]) -> None:
        with self._transaction():
            self._syncs.forget_lists(userids)
            self._syncs.rewind(run)

    def _refused(self, run: SyncRun, userids: Sequence[str], error: WeComError) -> None:
        """Handle a refusal because of one of *userids*: halve them until each is asked alone.

        If everybody is refused for one reason, halves are asked in vain. A reason of members is then looked
        for in each alone. Any other reason refuses the whole call: nobody of it is asked again.
        """
        code, kind = (error.errcode, error.kind) if isinstance(error, AnswerError) else (0, None)
        is_odd = kind in {ErrorKind.RECEIVER, ErrorKind.PERMANENT} or isinstance(error, MalformedError)
        if len(userids) == 1 and code == NOT_A_CONTACT:
            with self._transaction():
                self._syncs.forget_lists(userids)
                self._syncs.put_states({userids[0]: (Member.READ, "")})
                self._syncs.rewind(run)
            return
        last, times = self._refusal
        self._refusal = (code, times + 1 if code == last else 1)
        concerns_all = self._refusal[1] > _IN_A_ROW
        of_member = kind is ErrorKind.RECEIVER or code in _OF_A_MEMBER
        if len(userids) == 1 or not is_odd or (concerns_all and not of_member):
            self._not_known(run, userids, str(error))
            return
        apart = [[userid] for userid in userids[1:]] if concerns_all else [userids[len(userids) // 2 :]]
        with self._transaction():
            self._syncs.forget_lists(userids)
            self._syncs.put_batches(apart)
            self._syncs.rewind(run)

    def _not_known(self, run: SyncRun, userids: Sequence[str], reason: str) -> None:
        with self._transaction():
            self._syncs.forget_lists(userids)
            self._syncs.put_states(dict.fromkeys(userids, (Member.UNKNOWN, reason)))
            self._syncs.rewind(run)


def _named(contact: ListedContact) -> CustomerName:
    return CustomerName(
        userid=contact.userid,
        external_userid=contact.external_userid,
        name=contact.name,
        remark=contact.remark,
    )

"""Changed userids: whose old one is whose new one, and every row that names the old one."""

from __future__ import annotations

import json

from bot.store.coordination import PEOPLE, Marks
from bot.store.engine import Engine, TableGroup

# Tables whose rows move to the new userid, by the statement `rename_` with their name; the rest is cleared.
_MOVED = (
    *("relation_events", "absences", "details", "detail_reads", "customer_names", "sync_readings"),
    *("sync_losses", "engagement", "engagement_members", "mutes", "leaves_said", "help_wishes", "coaching"),
    *("lists_shown", "words", "unasked_days", "withheld", "exports", "logouts", "erased"),
)
_DERIVED = ("adds",)  # anew under the new userid
_OF_THE_PERSON = ("members", "memberships", "address_book", "member_reads", "figures")


class Renames(TableGroup):
    """Call the changing methods inside a transaction."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        engine.learn("".join(map(_clearing, (*_MOVED, *_DERIVED, *_OF_THE_PERSON))))

    def all(self) -> dict[str, str]:
        """Return the userid that holds now, by old userid."""
        return {row["old_userid"]: row["userid"] for row in self._engine.all("renames_all")}

    def current(self, userid: str) -> str:
        """Return the userid that holds now for *userid*."""
        renamed = self._engine.one("rename_of", userid=userid)
        return userid if renamed is None else str(renamed["userid"])

    def since(self, since: int) -> frozenset[str]:
        """Return the people with a userid that is new since *since* (epoch s)."""
        return frozenset(row["userid"] for row in self._engine.all("renames_since", since=since))

    def is_known(self, userid: str) -> bool:
        """Return whether anything is known of *userid*, even as an old one."""
        return bool(self._engine.number("rename_traces", userid=userid))

    def customers(self, userid: str) -> list[str]:
        """Return the customers in the ledger's facts with *userid*."""
        rows = self._engine.all("rename_relations", old_userid=userid)
        return [row["external_userid"] for row in rows]

    def put(self, old: str, new: str, *, at: int, by: str) -> None:
        """Let *new* have what comes under *old* from now on; *at* in epoch s."""
        self._engine.run("rename_drop", userid=new)
        self._engine.run("rename_follow", old_userid=old, userid=new)
        self._engine.run("rename_put", old_userid=old, userid=new, renamed_at=at, renamed_by=by)

    def move(self, old: str, new: str) -> None:
        """Give *new* every row of *old*; people themselves are the caller's business."""
        for name in (*_MOVED, "reviews", "coaches"):
            self._engine.run(f"rename_{name}", old_userid=old, userid=new)
            self._engine.run(f"rename_{name}_clear", old_userid=old)
        for name in _DERIVED:
            self._engine.run(f"rename_{name}_clear", old_userid=old)
        for name in ("managers", "exporters", "statements"):
            self._engine.run(f"rename_{name}", old_userid=old, userid=new)
        self._move_findings(old, new)
        self._move_messages(old, new)
        Marks(self._engine).renew(PEOPLE)

    def _move_findings(self, old: str, new: str) -> None:
        for row in self._engine.all("rename_findings", old_userid=old):
            concerned = json.loads(row["concerned"])
            keys = json.dumps([[new if userid == old else userid, *rest] for userid, *rest in concerned])
            about = {"kind": row["kind"], "subject": row["subject"]}
            self._engine.run("rename_finding", old_userid=old, userid=new, concerned=keys, **about)

    def _move_messages(self, old: str, new: str) -> None:
        for row in self._engine.all("rename_messages", old_userid=old):
            # One who was told something today under the old userid is not told it again under the new one.
            key = row["key"].removesuffix(f":{old}") + f":{new}"
            if row["key"].endswith(f":{old}") and not (row["state"] == "pending" and row["request_hash"]):
                self._engine.run("rename_message", seq=row["seq"], key=key, to_userid=new)

    def forget_person(self, old: str) -> None:
        """Drop the person under the old userid."""
        for table in _OF_THE_PERSON:
            self._engine.run(f"rename_{table}_clear", old_userid=old)
        Marks(self._engine).renew(PEOPLE)


def _clearing(table: str) -> str:
    """Return the statement that drops every row of a userid from *table*."""
    return f"-- name: rename_{table}_clear(old_userid)!\nDELETE FROM {table} WHERE userid = :old_userid;\n"

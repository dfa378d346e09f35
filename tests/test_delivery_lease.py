"""No call of the sender outlives its lease: else a successor sends beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from builders.delivery import Post, make_sender, post

from bot.app.bootstrap import wecom_client
from bot.features.delivery.sender import Sender
from bot.wecom.client import CALL_S


@dataclass
class Watched:
    """A sender whose calls say how much of its lease was left when they began.

    *token_s*: so long WeCom takes to give a token, by everybody's clock.
    """

    office: Post
    token_s: float = 0.0
    left: list[float] = field(default_factory=list)

    def sender(self) -> Sender:
        client = wecom_client(self.office.services.config)
        send, upload, give = client.send_message, client.upload_file, client.get_token

        def send_message(request: bytes, *, token: str) -> dict[str, Any]:
            self.left.append(self.lease_left())
            return send(request, token=token)

        def upload_file(filename: str, body: bytes, *, token: str) -> str:
            self.left.append(self.lease_left())
            return upload(filename, body, token=token)

        def get_token() -> tuple[str, int]:
            self.office.clock.pass_(self.token_s)
            return give()

        client.send_message = send_message  # type: ignore[method-assign]  # this one only
        client.upload_file = upload_file  # type: ignore[method-assign]
        client.get_token = get_token  # type: ignore[method-assign]
        return make_sender(self.office.services, self.office.clock, holder="the watched", client=client)

    def lease_left(self) -> float:
        """Seconds; 0 when it is over or another's."""
        now = self.office.clock()
        lease = self.office.services.store.leases.get("delivery", now=int(now))
        if lease is None or lease["holder"] != "the watched":
            return 0.0
        return float(int(now) + lease["until_s"] - now)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Post]:
    with post(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("token_s", [0.0, 2.0, 3.5, 9.5, 14.0])
def test_however_long_the_token_takes_a_call_begins_with_lease_enough_for_it(
    office: Post, token_s: float
) -> None:
    watched = Watched(office, token_s)
    sender = watched.sender()
    office.put("progress:1")
    office.drain(sender)
    sender.close()

    assert len(watched.left) == 1
    assert watched.left[0] >= CALL_S
    assert len(office.phone()) == 1


@pytest.mark.parametrize("token_s", [0.0, 9.5, 14.0])
def test_after_a_new_token_a_refused_call_is_not_repeated_without_lease_enough(
    office: Post, token_s: float
) -> None:
    watched = Watched(office)
    sender = watched.sender()
    office.put("progress:1")
    office.drain(sender)
    office.world.tokens.revoke()
    watched.token_s = token_s
    office.put("progress:2")
    office.drain(sender)
    sender.close()

    assert len(watched.left) == 3
    assert min(watched.left) >= CALL_S
    assert [call.errcode for call in office.sends()] == [0, 40014, 0]
    assert office.row("progress:2")["attempts"] == 1


def test_a_sender_that_works_keeps_its_lease_and_waits_for_nothing(office: Post) -> None:
    watched = Watched(office)
    sender = watched.sender()
    second = office.another_sender(holder="the second")
    sent = []
    for number in range(40):
        office.clock.pass_(1.25)
        office.put(f"progress:{number}", to=("yg01", "yg02")[number % 2])
        office.drain(sender)
        sent.append(len(watched.left))
        second.step()
        assert (sender.leads, second.leads) == (True, False)
    sender.close()
    second.close()

    assert sent == list(range(1, 41))
    assert min(watched.left) >= CALL_S


@pytest.mark.parametrize("token_s", [0.0, 9.5, 14.0])
def test_an_upload_is_a_call_like_the_others(office: Post, token_s: float) -> None:
    watched = Watched(office, token_s)
    sender = watched.sender()
    attachments = office.services.store.attachments
    attachments.put("export:1", filename="me.csv", body=b"userid\nyg01\n", at=0)
    office.put("file:1", content="export:1", msgtype="file")
    office.drain(sender)
    office.clock.pass_(30)
    office.drain(sender)
    sender.close()

    assert office.states() == {"file:1": "sent"}
    assert len(watched.left) == 2
    assert min(watched.left) >= CALL_S

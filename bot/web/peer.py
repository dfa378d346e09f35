"""Who calls: the peer's address, or what a trusted proxy says of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from bot.web.server import Request

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Peer:
    """The caller's address; what a trusted proxy says of it is believed."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = trusted

    def __call__(self, request: Request) -> str:
        """An address, or "?" where there is none worth believing."""
        address, forwarded = request.client, request.forwarded
        # From the right: each proxy appends whom it saw, and only trusted ones are believed.
        for hop in reversed([hop.strip() for hop in forwarded.split(",") if hop.strip()]):
            if not self._is_trusted(address):
                break
            address = hop
        return address if _is_address(address) else "?"

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in net for net in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

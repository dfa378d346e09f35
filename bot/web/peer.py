"""Who calls: the peer's address, or what a trusted proxy says of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from bot.web.request import Request

_IPV6_HOUSEHOLD = 64  # bits of prefix that one household is given

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Peer:
    """The caller's address; what a trusted proxy says of it is believed."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = trusted

    def __call__(self, request: Request) -> str:
        """Return an address, or "?" where there is none worth believing."""
        return self.behind(request.client, forwarded=request.forwarded)

    def behind(self, address: str, *, forwarded: str) -> str:
        """Return the same for a request from *address* with this X-Forwarded-For, empty for none."""
        address = address.strip("[]")
        # From the right: each proxy appends whom it saw, and only trusted ones are believed.
        for hop in reversed([hop.strip() for hop in forwarded.split(",") if hop.strip()]):
            if not self._is_trusted(address):
                break
            address = hop
        return address if _is_address(address) else "?"

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in net for net in self._trusted)


def household(address: str) -> str:
    """Return *address* as limits know it: all of an IPv6 caller's 2^64 addresses are one, a /64."""
    if not _is_address(address):
        return address
    known = ipaddress.ip_address(address)
    if isinstance(known, ipaddress.IPv4Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(known), _IPV6_HOUSEHOLD), strict=False))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

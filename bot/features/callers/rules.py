"""Rules for the list of WeCom's addresses: how to read it, and when it may refuse a callback."""

from __future__ import annotations

import json
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Networks = Sequence[IPv4Network | IPv6Network]

RENEW_S = 86_400
LONGEST_S = 7 * RENEW_S  # an older list admits everybody
_PARTS = 4  # of an IPv4 address


def parse_networks(entries: object) -> Networks:
    """Return what getcallbackip lists: addresses, networks and wildcards such as 101.226.103.*.

    Raises ValueError if a single entry is unclear: WeCom's callbacks from there would be refused.
    """
    if not isinstance(entries, list):
        raise ValueError("no list of addresses")  # noqa: TRY004 - WeCom's answer is at fault
    return tuple(_network(entry) for entry in entries)


def _network(entry: object) -> IPv4Network | IPv6Network:
    text = str(entry).strip()
    parts = text.split(".")
    if wild := parts.count("*"):
        known = parts[: _PARTS - wild]
        if len(parts) != _PARTS or "*" in known:
            raise ValueError(f"{text[:50]!r} is no address")
        text = f"{'.'.join([*known, *('0' for _ in range(wild))])}/{8 * len(known)}"
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text[:50]!r} is no address") from None


def pack(networks: Networks, *, read_at: int) -> str:
    """Return the list as stored, with the real time of its reading in epoch s."""
    return json.dumps([read_at, [str(network) for network in networks]])


def is_due(kept: str | None, *, now: float) -> bool:
    """Return whether the list is missing or a day old at *now* (real epoch s)."""
    read_at, networks = _unpack(kept)
    return not networks or not 0 <= now - read_at < RENEW_S


def find_usable(kept: str | None, *, now: float) -> Networks:
    """Return the list in use; empty if it is missing, unreadable, or over seven days from *now*."""
    read_at, networks = _unpack(kept)
    return networks if abs(now - read_at) <= LONGEST_S else ()


def _unpack(kept: str | None) -> tuple[float, Networks]:
    try:
        read_at, entries = json.loads(kept or "")
        return float(read_at), parse_networks(entries)
    except (TypeError, ValueError):
        return 0.0, ()


def is_admitted(address: str, networks: Networks) -> bool:
    """Return whether a callback from *address* may go on to its signature; without a list, each one may."""
    if not networks:
        return True
    try:
        caller = ip_address(address)
    except ValueError:
        return False
    if isinstance(caller, IPv6Address):
        caller = caller.ipv4_mapped or caller
    return any(caller in network for network in networks)

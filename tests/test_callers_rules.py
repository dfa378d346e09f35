"""The list of WeCom's addresses: what it understands, whom it admits, and when it admits everybody."""

from __future__ import annotations

import json

import pytest

from bot.features.callers.rules import (
    LONGEST_S,
    RENEW_S,
    find_usable,
    is_admitted,
    is_due,
    pack,
    parse_networks,
)

NOW = 1_795_395_600


@pytest.mark.parametrize(
    ("entry", "read_as"),
    [
        pytest.param("203.0.113.10", "203.0.113.10/32", id="an address"),
        pytest.param(" 203.0.113.10 ", "203.0.113.10/32", id="with blanks"),
        pytest.param("203.0.113.0/24", "203.0.113.0/24", id="a network"),
        pytest.param("203.0.113.10/24", "203.0.113.0/24", id="a network by one of its addresses"),
        pytest.param("101.226.103.*", "101.226.103.0/24", id="a wildcard"),
        pytest.param("101.226.*.*", "101.226.0.0/16", id="two wildcards"),
        pytest.param("2001:db8::1", "2001:db8::1/128", id="IPv6"),
        pytest.param("2001:db8::/48", "2001:db8::/48", id="a network of IPv6"),
    ],
)
def test_an_entry_is_understood(entry: str, read_as: str) -> None:
    assert [str(network) for network in parse_networks([entry])] == [read_as]


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(None, id="no list"),
        pytest.param("203.0.113.10", id="a text"),
        pytest.param({"203.0.113.10": 1}, id="an object"),
        pytest.param(["203.0.113.10", "wecom.example"], id="a name"),
        pytest.param([""], id="nothing"),
        pytest.param([5], id="a number"),
        pytest.param([None], id="null"),
        pytest.param(["203.0.113.0/33"], id="too long a prefix"),
        pytest.param(["101.*.103.*"], id="a wildcard in between"),
        pytest.param(["101.*"], id="a short wildcard"),
        pytest.param(["101.226.103.*.*"], id="a long wildcard"),
        pytest.param(["101.226.999.*"], id="no number of an address"),
        pytest.param(["*"], id="a star"),
    ],
)
def test_a_list_with_one_unclear_entry_is_refused_as_a_whole(entries: object) -> None:
    with pytest.raises(ValueError, match=r"no address|no list"):
        parse_networks(entries)


@pytest.mark.parametrize(
    ("address", "admitted"),
    [
        pytest.param("203.0.113.10", True, id="listed"),
        pytest.param("203.0.113.11", False, id="its neighbour"),
        pytest.param("198.51.100.77", True, id="within a network"),
        pytest.param("198.51.101.1", False, id="beside the network"),
        pytest.param("::ffff:203.0.113.10", True, id="listed, as IPv6 writes it"),
        pytest.param("::ffff:203.0.113.11", False, id="its neighbour, as IPv6 writes it"),
        pytest.param("2001:db8:1::5", True, id="within a network of IPv6"),
        pytest.param("2001:db8:2::5", False, id="beside the network of IPv6"),
        pytest.param("?", False, id="no address"),
    ],
)
def test_whom_a_list_admits(address: str, admitted: bool) -> None:
    networks = parse_networks(["203.0.113.10", "198.51.100.0/24", "2001:db8:1::/48"])

    assert is_admitted(address, networks) is admitted


@pytest.mark.parametrize("address", ["203.0.113.10", "2001:db8::1", "?"])
def test_without_a_list_everybody_is_admitted(address: str) -> None:
    assert is_admitted(address, ())


def kept(*, age_s: int = 0) -> str:
    return pack(parse_networks(["203.0.113.0/24"]), read_at=NOW - age_s)


@pytest.mark.parametrize(
    ("stored", "used", "due"),
    [
        pytest.param(kept(), True, False, id="new"),
        pytest.param(kept(age_s=RENEW_S - 1), True, False, id="of this day"),
        pytest.param(kept(age_s=RENEW_S), True, True, id="a day old"),
        pytest.param(kept(age_s=LONGEST_S), True, True, id="seven days old"),
        pytest.param(kept(age_s=LONGEST_S + 1), False, True, id="older"),
        pytest.param(kept(age_s=-60), True, True, id="of a clock that was ahead"),
        pytest.param(kept(age_s=-LONGEST_S - 1), False, True, id="of a clock that was far ahead"),
        pytest.param(None, False, True, id="none yet"),
        pytest.param(pack((), read_at=NOW), False, True, id="empty"),
        pytest.param("[", False, True, id="broken"),
        pytest.param("null", False, True, id="null"),
        pytest.param(json.dumps([NOW]), False, True, id="half"),
        pytest.param(json.dumps([NOW, ["wecom.example"]]), False, True, id="an unclear entry"),
        pytest.param(json.dumps([None, ["203.0.113.1"]]), False, True, id="without its time"),
        pytest.param(json.dumps([NOW, [["203.0.113.1"]]]), False, True, id="nested"),
    ],
)
def test_when_a_stored_list_is_used_and_when_it_is_asked_for_anew(
    stored: str | None, used: bool, due: bool
) -> None:
    assert bool(find_usable(stored, now=NOW)) is used
    assert is_due(stored, now=NOW) is due

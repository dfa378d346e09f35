"""The rules of a configuration file, read without the product."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from typing import Any

from oracle.branch import Integrity, Penalty, Quota, Reward, Rules

TYPES = {"wechat": 1, "wecom": 2}
SETS = ("roles", "departments", "userids", "exclude_add_ways", "exclude_states")
LISTS = ("segment_tags", "required_tags", "required_facts")


def rules_from(text: str) -> Rules:
    """Return what a file says of counting; numbers are exact."""
    tree = tomllib.loads(text, parse_float=Fraction)
    return Rules(
        quotas=tuple(map(_quota, tree["quotas"])),
        integrity=_integrity(tree.get("integrity", {})),
        regain_days=tree.get("ledger", {}).get("regain_days", 3),
        cap_per_month=tree.get("money", {}).get("cap_per_month", 0),
    )


def _quota(section: dict[str, Any]) -> Quota:
    values = {**section, **section.get("counting", {})}
    values.pop("counting", None)
    for name in SETS:
        values[name] = frozenset(values.get(name, ()))
    for name in LISTS:
        values[name] = tuple(values.get(name, ()))
    values["customer_types"] = frozenset(
        TYPES[name] for name in values.get("customer_types", ("wechat", "wecom"))
    )
    values["max_share"] = tuple((one["fact"], Fraction(one["share"])) for one in values.get("max_share", ()))
    values["penalty"] = _penalty(values.get("penalty"))
    values["reward"] = _reward(values.get("reward"))
    return Quota(**values)


def _penalty(rule: dict[str, Any] | None) -> Penalty | None:
    if rule is None:
        return None
    tiers = tuple((Fraction(tier["below"]), tier["amount"]) for tier in rule.get("tiers", ()))
    return Penalty(**{**rule, "tiers": tiers})


def _reward(rule: dict[str, Any] | None) -> Reward | None:
    if rule is None:
        return None
    shares = ("min_attainment", "min_kept", "min_presence")
    exact = {name: Fraction(rule[name]) for name in shares if name in rule}
    return Reward(**{**rule, "top": tuple(rule.get("top", ())), **exact})


def _integrity(section: dict[str, Any]) -> Integrity:
    burst, loss = section.get("burst"), section.get("quick_loss")
    return Integrity(
        shared_by=section.get("shared_by"),
        window_days=section.get("window_days", 30),
        burst=burst and (burst["adds"], burst["minutes"]),
        quick_loss=loss and (Fraction(loss["rate"]), loss["min_adds"]),
        hold=section.get("action", "flag") == "hold",
    )

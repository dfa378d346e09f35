"""The sections with targets and the rules of counting: roles, quotas, integrity.

The text below a key describes it, for the JSON Schema that editors read.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from bot.config.faults import refusal
from bot.config.fields import Day, Department, Exact, QuotaId, Section, Text, Truth, UserId, Whole, left_out

CustomerType = Literal["wechat", "wecom"]


class Match(Section):
    """Conditions of a role; one is enough."""

    tags: tuple[Whole, ...] = ()
    """WeCom tag ids of members."""
    positions: tuple[Text, ...] = ()
    """Positions (职务) in the address book."""
    departments: tuple[Department, ...] = ()
    """Department ids, with all below them."""
    userids: tuple[UserId, ...] = ()
    """Userids."""


class Role(Section):
    """A role by rule; the first that matches wins, and a filled roster cell wins over all."""

    name: Text = Field(min_length=1)
    """Name of the role, as quotas name it."""
    match: Match
    """The people who have it."""


class Tier(Section):
    """A step of a penalty."""

    below: Exact = Field(gt=0, le=1)
    """Holds where counted / target is below this."""
    amount: Whole = Field(ge=0)
    """Yuan."""


class Penalty(Section):
    """An estimate of what a missed target costs: exactly one of flat, per_missing, tiers."""

    flat: Whole | None = Field(None, ge=0)
    """Yuan for a missed target."""
    per_missing: Whole | None = Field(None, ge=0)
    """Yuan for each missing contact."""
    cap: Whole | None = Field(None, ge=0)
    """Most yuan that per_missing may cost."""
    tiers: tuple[Tier, ...] = ()
    """Yuan by attainment; the lowest tier that holds."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = (self.flat is not None, self.per_missing is not None, bool(self.tiers))
        if sum(ways) != 1 or (self.cap is not None and self.per_missing is None):
            raise refusal("faults.penalty")
        return self


class Reward(Section):
    """An estimate of what is earned: exactly one of top, per_extra."""

    top: tuple[Whole, ...] = ()
    """Yuan for the first, second … rank."""
    scope: Literal["department", "role", "all"] = "all"
    """The group within which ranks are taken."""
    min_attainment: Exact = Field(Decimal(1), ge=0, json_schema_extra={"default": 1})
    """Least counted / target for a reward by rank."""
    min_kept: Exact = Field(Decimal(0), ge=0, le=1, json_schema_extra={"default": 0})
    """Least share of kept contacts for a reward by rank."""
    min_presence: Exact = Field(Decimal(0), ge=0, le=1, json_schema_extra={"default": 0})
    """Least part of the period's workdays as own workdays for a rank."""
    per_extra: Whole | None = Field(None, ge=0)
    """Yuan for each contact above the target."""
    cap: Whole | None = Field(None, ge=0)
    """Most yuan that per_extra may earn."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.top) == (self.per_extra is not None) or (self.cap is not None and self.top):
            raise refusal("faults.reward")
        return self


class MaxShare(Section):
    """A limit on contacts with a fact."""

    fact: Text = Field(min_length=1)
    """A column of `import facts`."""
    share: Exact = Field(ge=0, lt=1)
    """Their largest share of what counts."""


class Counting(Section):
    """Which adds count. A key that is left out is off."""

    first_add: Literal["pair", "corp", "any"] = "pair"
    """pair: a re-add earns nothing; corp: new to the whole bank; any: each add earns."""
    customer_types: tuple[CustomerType, ...] = ("wechat", "wecom")
    """wechat (type 1), wecom (type 2)."""
    keep_days: Whole = Field(0, ge=0, le=366)
    """A contact lost sooner earns nothing."""
    segment_tags: tuple[Text, ...] = ()
    """A contact without one of these tags is not of this quota; as soon as the tag is read it is."""
    required_tags: tuple[Text, ...] = ()
    """Corp or rule-group tags by id, by name if unique, else "group/name"."""
    required_facts: tuple[Text, ...] = ()
    """Columns of `import facts` that must be true."""
    own_book: Truth = False
    """The customer's manager in `import facts` must be this employee."""
    max_share: tuple[MaxShare, ...] = ()
    """Limits on contacts with a fact, in this order."""
    exclude_add_ways: tuple[Whole, ...] = ()
    """Ways of adding (WeCom's add_way) that do not count."""
    exclude_states: tuple[Text, ...] = ()
    """Channel states that do not count."""
    max_per_day: Whole = Field(0, ge=0)
    """Adds of a day beyond this earn nothing, later ones first; 0: no cap."""


class Quota(Section):
    """A target for people or groups."""

    id: QuotaId
    """Name of the quota in commands, tables and exports; it stays when the text around it changes."""
    roles: tuple[Text, ...] = ()
    """Roles under it; without roles, departments and userids: everybody."""
    departments: tuple[Department, ...] = ()
    """Departments under it, with all below them."""
    userids: tuple[UserId, ...] = ()
    """People under it, whatever their role and department."""
    period: Literal["day", "week", "month", "quarter", "year"]
    """How often it begins anew."""
    target: Whole = Field(ge=0, le=1_000_000)
    """Contacts in a whole period."""
    basis: Literal["added", "held"] = "added"
    """added: won in the period; held: contacts alive at its end."""
    starts_on: Day | None = None
    """Holds for periods whose first day is not before this."""
    ends_on: Day | None = None
    """Holds for periods whose first day is not after this."""
    penalty: Penalty | None = None
    """Estimate of the deduction for a missed target."""
    reward: Reward | None = None
    """Estimate of what is earned."""
    counting: Counting = left_out()
    """Which adds count."""


class Burst(Section):
    """Many adds at once."""

    adds: Whole = Field(ge=2)
    """So many adds …"""
    minutes: Whole = Field(ge=1)
    """… in so many minutes."""


class QuickLoss(Section):
    """Many adds that are soon lost."""

    rate: Exact = Field(gt=0, le=1)
    """Share of a period's adds lost within keep_days."""
    min_adds: Whole = Field(ge=1)
    """Applied only from this number of adds on."""


class Integrity(Section):
    """Questions for a reviewer. A key that is left out is off."""

    shared_by: Whole | None = Field(None, ge=2)
    """The same customer added by this many employees within window_days."""
    window_days: Whole | None = Field(None, ge=1)
    """Days that shared_by looks back."""
    burst: Burst | None = None
    """Many adds at once."""
    quick_loss: QuickLoss | None = None
    """Many adds that are soon lost."""
    action: Literal["flag", "hold"] | None = None
    """flag: counts while under review; hold: pending until reviewed."""

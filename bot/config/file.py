"""The configuration file (TOML) as one frozen value, or all its faults at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr

from bot.config import sections
from bot.config.conversion import integrity_of, quota_of
from bot.config.faults import ConfigError, Fault
from bot.config.fields import ConfigSource, Section, left_out
from bot.config.rules import Integrity, Quota, Role
from bot.config.shape import validated
from bot.config.toml import read_toml
from bot.core import quotas as core_quotas
from bot.core.counting import Integrity as CoreIntegrity
from bot.core.workdays import WorkCalendar


class Config(Section):
    """The whole file. A value of this type is complete and valid; load() makes it."""

    wecom: sections.WeCom
    server: sections.Server = left_out()
    store: sections.Store = left_out()
    locale: sections.Locale = left_out()
    calendar: sections.Calendar = left_out()
    directory: sections.Directory = left_out()
    roles: tuple[Role, ...] = ()
    # Presence is checked on the file as written: here an invalid quota would count as none.
    quotas: tuple[Quota, ...] = Field(
        description="At least one [[quotas]].", json_schema_extra={"minItems": 1}
    )
    ledger: sections.Ledger = left_out()
    review: sections.Review = left_out()
    integrity: Integrity = left_out()
    messages: sections.Messages = left_out()
    robots: tuple[sections.Robot, ...] = ()
    welcome: sections.Welcome = left_out()
    schedule: sections.Schedule = left_out()
    backup: sections.Backup = left_out()
    money: sections.Money = left_out()
    campaigns: tuple[sections.Campaign, ...] = ()
    rollout: sections.Rollout = left_out()
    admins: sections.Admins = left_out()
    watch: sections.Watch = left_out()
    privacy: sections.Privacy = left_out()

    _file: Path = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Store the file's path for later messages."""
        self._file = context.file

    @property
    def file(self) -> Path:
        """Return the path of the file."""
        return self._file

    def core_quotas(self) -> tuple[core_quotas.Quota, ...]:
        """Return the quotas as rules of the core, in the file's order."""
        return tuple(quota_of(quota, self.integrity) for quota in self.quotas)

    def core_integrity(self) -> CoreIntegrity:
        """Return `[integrity]` as a rule of the core."""
        return integrity_of(self.integrity)

    def work_calendar(self) -> WorkCalendar:
        """Return the calendar of working days and hours."""
        return WorkCalendar(
            zone=self.calendar.timezone,
            country=self.calendar.country,
            opens=self.calendar.working_hours.opens,
            closes=self.calendar.working_hours.closes,
            holidays=frozenset(self.calendar.holidays),
            workdays=frozenset(self.calendar.workdays),
        )


def load(path: Path, *, environ: Mapping[str, str]) -> Config:
    """Read the configuration file at *path*; `{ env = … }` is looked up in *environ*.

    Raises ConfigError with every fault of the file, in the file's order of sections.
    """
    tree = _tree(path)
    config, faults = _validated(tree, ConfigSource(file=path, environ=environ))
    if config is None or faults:
        raise ConfigError(faults)
    return config


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file for editors, as in bot/config/config.schema.json."""
    schema = Config.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "quotabot"}


def _validated(tree: dict[str, Any], place: ConfigSource) -> tuple[Config | None, list[Fault]]:
    config, placed = validated(Config, tree, place)
    order = list(Config.model_fields)
    placed.sort(key=lambda item: _position(item[0], order))
    return config, [fault for _, fault in placed]


def _position(path: tuple[str | int, ...], order: list[str]) -> tuple[int, int]:
    section = order.index(path[0]) if path and path[0] in order else len(order)
    return section, path[1] if len(path) > 1 and isinstance(path[1], int) else -1


def _tree(path: Path) -> dict[str, Any]:
    """Return the parsed file, with strings that look secret wrapped. Raises ConfigError."""
    # Without [wecom], name each key that it needs.
    return {"wecom": {}, **read_toml(path, missing="faults.no_config")}

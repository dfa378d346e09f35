"""A file of other quotas for a simulation: `[[quotas]]` and optionally `[integrity]`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from bot.config.conversion import quota_of
from bot.config.faults import ConfigError
from bot.config.fields import ConfigSource, Section
from bot.config.file import Config
from bot.config.rules import Integrity, Quota
from bot.config.shape import validated
from bot.config.toml import read_toml
from bot.core import quotas as core_quotas

_OURS = ("quotas", "integrity")


class QuotasFile(Section):
    """The two parts of a configuration that a simulation may change."""

    quotas: tuple[Quota, ...] = Field(description="At least one [[quotas]].")
    integrity: Integrity | None = None


def load_quotas(path: Path, *, config: Config) -> tuple[core_quotas.Quota, ...]:
    """Return the quotas of the file at *path* as rules of the core, in the file's order.

    Of a whole configuration file only these two parts are read. A file of quotas without `[integrity]` uses
    that of *config*. Raises ConfigError with every fault.
    """
    written = read_toml(path, missing="faults.no_quotas_file")
    whole = "wecom" in written
    # Other known parts of a configuration are irrelevant here.
    tree = {key: value for key, value in written.items() if key in _OURS or key not in Config.model_fields}
    parsed, placed = validated(QuotasFile, tree, ConfigSource(file=path, environ={}))
    if parsed is None or placed:
        raise ConfigError([fault for _, fault in placed])
    integrity = parsed.integrity or (Integrity.model_validate({}) if whole else config.integrity)
    return tuple(quota_of(quota, integrity) for quota in parsed.quotas)

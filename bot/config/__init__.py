"""The configuration file (TOML) as types: what each key may be, what it means, every fault at once."""

from bot.config.faults import ConfigError, Fault, FileError
from bot.config.file import Config, json_schema, load

__all__ = ["Config", "ConfigError", "Fault", "FileError", "json_schema", "load"]

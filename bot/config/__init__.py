"""The configuration file (TOML) as types: the allowed values of each key, and all faults at once."""

from bot.config.faults import ConfigError, Fault, FileError
from bot.config.file import Config, json_schema, load

__all__ = ["Config", "ConfigError", "Fault", "FileError", "json_schema", "load"]

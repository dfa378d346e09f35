"""Builders of configuration files for tests."""

from __future__ import annotations

from pathlib import Path

from bot.config import Config, ConfigError, load

TOKEN = "QDG6eK"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
ENVIRON = {
    "WECOM_SECRET": "app-secret",
    "WECOM_CALLBACK_TOKEN": TOKEN,
    "WECOM_CALLBACK_AES_KEY": AES_KEY,
    "QUOTABOT_METRICS_TOKEN": "metrics-token",
    "ROBOT_SOUTH": "robot-key",
}

WECOM = """
[wecom]
corp_id = "ww0123456789abcdef"
agent_id = 1000002
secret = { env = "WECOM_SECRET" }
callback_token = { env = "WECOM_CALLBACK_TOKEN" }
callback_aes_key = { env = "WECOM_CALLBACK_AES_KEY" }
"""
DIRECTORY = """
[directory]
source = "csv"
"""
QUOTA = """
[[quotas]]
id = "cm-monthly"
period = "month"
target = 50
"""
MINIMAL = WECOM + DIRECTORY + QUOTA


def write(folder: Path, text: str) -> Path:
    """Write a configuration file into *folder*."""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str = MINIMAL) -> Config:
    """Write and load a configuration file."""
    return load(write(folder, text), environ=ENVIRON)


def faults(folder: Path, text: str, *, environ: dict[str, str] | None = None) -> list[str]:
    """Write a wrong file and return the lines of its faults, without the file's name."""
    path = write(folder, text)
    try:
        load(path, environ=ENVIRON if environ is None else environ)
    except ConfigError as error:
        return [str(fault).removeprefix(f"{path}: ") for fault in error.faults]
    return []

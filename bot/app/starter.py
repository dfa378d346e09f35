"""The first configuration of an installation: a short commented file in shadow mode, secrets beside it.

The secrets stand in files of their own that only the owner may read, so the configuration can be shown.
"""

from __future__ import annotations

import base64
import os
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.config import ConfigError, load
from bot.config.fields import BaseUrl, CorpId, UserId
from bot.messages.catalog import texts_in

SECRETS = "secrets"  # the folder beside the configuration
ROSTER = "roster.csv"
_TOKEN_CHARACTERS = 32
_WIDTH = 56  # columns before a comment
_ROSTER_HEAD = "userid,name,department,role,leader_of,joined_on,left_on,share"


class ExistsError(Exception):
    """Files that are there already; the text names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What only the bank knows. *secret_env* names the variable with the Secret; if empty, *secret* is it."""

    language: str
    source: str
    corp_id: str
    agent_id: int
    public_url: str
    admins: tuple[str, ...]
    target: int
    secret: str = ""
    secret_env: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written, and the generated values for WeCom's console."""

    files: tuple[Path, ...]
    token: str
    aes_key: str


def corp_id(text: str) -> str:
    """Return *text* if it can be a 企业ID. Raises ValueError with what is allowed."""
    return str(_valid(CorpId, text))


def public_url(text: str) -> str:
    """Return the address without a slash at its end. Raises ValueError with what is allowed."""
    return str(_valid(BaseUrl, text))


def userids(text: str) -> tuple[str, ...]:
    """Return the userids in *text*, separated by commas or blanks. Raises ValueError, also without any."""
    parts = text.replace("，", " ").replace(",", " ").split()
    return tuple(_valid(UserId, part) for part in parts or [""])


def write(path: Path, answers: Answers, *, environ: Mapping[str, str]) -> Written:
    """Write the configuration at *path*, its secrets and, for csv, a roster; overwrite nothing.

    A configuration with a fault is removed again. Raises ExistsError, OSError, ConfigError.
    """
    token = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(_TOKEN_CHARACTERS))
    aes_key = _aes_key()
    private = {"callback_token": token, "callback_aes_key": aes_key}
    if not answers.secret_env:
        private["wecom_secret"] = answers.secret
    texts = {path.parent / SECRETS / name: f"{value}\n" for name, value in private.items()}
    texts[path] = config_text(answers, store_url(path, environ))
    roster = path.parent / ROSTER
    if answers.source == "csv" and not roster.exists():
        texts[roster] = "\n".join([_ROSTER_HEAD, *(f"{userid},,1,,,,," for userid in answers.admins)]) + "\n"
    _refuse_existing(texts)
    written: list[Path] = []
    try:
        for file, text in texts.items():
            _write(file, text, is_private=file.parent.name == SECRETS)
            written.append(file)
        load(path, environ=environ)
    except (ConfigError, OSError):
        for file in written:
            file.unlink()
        raise
    return Written(files=tuple(written), token=token, aes_key=aes_key)


def config_text(answers: Answers, store: str) -> str:
    """Return the configuration for *answers* and *store* as TOML, with comments in their language."""
    notes = texts_in(answers.language).table("init.notes")
    secret = f'{{ env = "{answers.secret_env}" }}' if answers.secret_env else _file("wecom_secret")
    admins = ", ".join(f'"{userid}"' for userid in answers.admins)
    schema = Path(str(files("bot.config") / "config.schema.json"))
    lines = [
        f"#:schema {schema.as_uri()}",
        f"# {notes['head']}",
        f"# {notes['keys']}",
        "",
        "[wecom]",
        _line(f'corp_id = "{answers.corp_id}"', notes["corp_id"]),
        _line(f"agent_id = {answers.agent_id}", notes["agent_id"]),
        _line(f"secret = {secret}", notes["secret"]),
        _line(f"callback_token = {_file('callback_token')}", notes["token"]),
        _line(f"callback_aes_key = {_file('callback_aes_key')}", notes["aes_key"]),
        "",
        "[server]",
        _line('listen = "127.0.0.1:8080"', notes["listen"]),
        _line(f'public_url = "{answers.public_url}"', notes["public_url"]),
        "",
        "[store]",
        _line(f'url = "{store}"', notes["store"]),
        "",
        "[locale]",
        f'language = "{answers.language}"',
        "",
        "[directory]",
        _line(f'source = "{answers.source}"', notes[f"source_{answers.source}"]),
        "",
        f"# {notes['quotas']}",
        "[[quotas]]",
        _line('id = "monthly"', notes["id"]),
        _line('period = "month"', "day | week | month | quarter | year"),
        _line(f"target = {answers.target}", notes["target"]),
        _line("counting = { keep_days = 7 }", notes["keep_days"]),
        "",
        "[rollout]",
        _line('mode = "shadow"', notes["mode"]),
        "",
        "[admins]",
        _line(f"userids = [{admins}]", notes["admins"]),
    ]
    return "\n".join(lines) + "\n"


def store_url(path: Path, environ: Mapping[str, str]) -> str:
    """Return the store's address: in the state folder of an image or a service in /etc, else beside *path*.

    Such a service may not write beside its configuration.
    """
    folder = path.absolute().parent
    beside = f"/var/lib/{folder.name}" if folder.parent == Path("/etc") else "var"
    return f"sqlite:///{environ.get('STATE_DIRECTORY') or beside}/quotabot.db"


def _aes_key() -> str:
    """Return a new EncodingAESKey: 32 random bytes as 43 letters and digits, without + and /."""
    while True:
        key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        if key.isalnum():
            return key


def _file(name: str) -> str:
    return f'{{ file = "{SECRETS}/{name}" }}'


def _line(setting: str, note: str) -> str:
    return f"{setting:<{_WIDTH}} # {note}"


def _valid(kind: Any, text: str) -> Any:
    try:
        return TypeAdapter(kind).validate_python(text.strip())
    except ValidationError as error:
        raise ValueError(error.errors()[0]["ctx"]["allowed"]) from None


def _refuse_existing(files: Mapping[Path, str]) -> None:
    there = [str(file) for file in files if file.exists()]
    if there:
        raise ExistsError(", ".join(there))


def _write(file: Path, text: str, *, is_private: bool) -> None:
    """Write a new file, with its folder. Raises OSError."""
    file.parent.mkdir(mode=0o700 if is_private else 0o755, parents=True, exist_ok=True)
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if is_private else 0o644)
    with open(number, "w", encoding="utf-8") as stream:  # noqa: PTH123 - it is open already
        stream.write(text)

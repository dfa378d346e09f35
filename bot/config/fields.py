"""The types of values in the configuration file: how each is read, and the error for a wrong value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    Strict,
    ValidationInfo,
    WithJsonSchema,
)

from bot.config.faults import nearest, refusal
from bot.core.workdays import is_known_country
from bot.locales import languages
from bot.messages.sentences import Sentence, reason_of

MAX_WORKING_HOURS = 10
WELCOME_BYTES = 4000  # of WeCom [92137]

# Every store and WeCom itself can hold it.
MAX_WHOLE = 2**32 - 1

_TIME = r"([01][0-9]|2[0-3]):([0-5][0-9])"

# It begins with a letter or a digit: WeCom reads `@all` as everybody.
_USERID = r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}"
_ENV_NAME = r"[A-Za-z_][A-Za-z0-9_]*"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigSource:
    """The source of a configuration: its *file* and the environment for `{ env = … }`."""

    file: Path
    environ: Mapping[str, str] = field(repr=False)

    def resolve(self, path: str) -> Path:
        """Return *path*, relative to the file's folder unless it is absolute."""
        return self.file.parent / Path(path).expanduser()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """Local times: opens <= time < closes."""

    opens: time
    closes: time


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPort:
    """An address to listen on; IPv6 hosts are without brackets, port 0 means any free port."""

    host: str
    port: int


def is_userid(text: str) -> bool:
    """Return whether *text* can be a WeCom userid, in either case."""
    return re.fullmatch(_USERID, text) is not None


def _userid(value: str) -> str:
    if not is_userid(value):
        raise refusal("faults.userid")
    return value.lower()  # WeCom compares userids without case


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise refusal("faults.text")
    return value


def _welcome_text(value: object) -> str:
    text = _text(value)
    if not text.strip() or len(text.encode()) > WELCOME_BYTES:
        raise refusal("faults.welcome", bytes=WELCOME_BYTES)
    return text


def _place(info: ValidationInfo) -> ConfigSource:
    if not isinstance(info.context, ConfigSource):
        raise TypeError("a configuration is read with load(), which knows its folder and environment")
    return info.context


def _time_of_day(value: object) -> time:
    match = re.fullmatch(_TIME, _text(value), re.ASCII)
    if not match:
        raise refusal("faults.time")
    return time(int(match[1]), int(match[2]))


def _working_hours(value: object) -> WorkingHours:
    match = re.fullmatch(f"({_TIME})-({_TIME})", _text(value), re.ASCII)
    if not match:
        raise refusal("faults.hours")
    opens, closes = _time_of_day(match[1]), _time_of_day(match[4])
    minutes = (closes.hour - opens.hour) * 60 + closes.minute - opens.minute
    if minutes <= 0:
        raise refusal("faults.hours_order")
    if minutes > MAX_WORKING_HOURS * 60:
        raise refusal("faults.hours_long", hours=MAX_WORKING_HOURS)
    return WorkingHours(opens=opens, closes=closes)


def _exact(value: object) -> object:
    # TOML has whole numbers too; True is an int for Python but not a number for readers.
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise refusal("faults.number")
    return Decimal(value)


def _day(value: object) -> date:
    # In Python a datetime is a date; a day of the bank has no time.
    if not isinstance(value, date) or isinstance(value, datetime):
        raise refusal("faults.date")
    return value


# Cities of one time zone that the database of zones does not name.
_CHINAS = frozenset(("beijing", "peking", "guangzhou", "shenzhen", "china", "cst"))


def _timezone(value: object) -> ZoneInfo:
    name = _text(value)
    if name not in _zones():
        meant = "Asia/Shanghai" if name.rpartition("/")[2].lower() in _CHINAS else nearest(name, _zones())
        raise refusal("faults.zone", nearest=meant)
    return ZoneInfo(name)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _language(value: object) -> object:
    if value not in languages():
        others, last = _listed(languages())
        raise refusal("faults.either", others=others, last=last)
    return value


def one_of(words: Sequence[str]) -> Sentence:
    """Return the sentence that a value must be one of *words*, of which there are several."""
    others, last = _listed(words)
    return Sentence("faults.either", others=others, last=last)


def _listed(words: Sequence[str]) -> tuple[str, str]:
    *others, last = (f'"{word}"' for word in words)
    return ", ".join(others), last


def _http_url(value: str) -> SplitResult | None:
    """Return the parts of an address by http or https; None if it is none."""
    try:
        url = urlsplit(value)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        return None
    return url if usable and not re.search(r"[\s?#]", value) else None


def _base_url(value: str) -> str:
    url = _http_url(value)
    if url is None or "@" in url.netloc:
        raise refusal("faults.base_url")
    return value.rstrip("/")


def _is_proxy(value: str) -> bool:
    url = _http_url(value)
    return not value or (url is not None and url.path in ("", "/"))


def _is_ping_url(value: str) -> bool:
    address, _, _ = value.partition("?")
    return not value or (_http_url(address) is not None and not re.search(r"[\s#]", value))


def _listen(value: object) -> HostPort:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]/]+)):([0-9]{1,5})", _text(value), re.ASCII)
    if not match or int(match[3]) > 65535:
        raise refusal("faults.listen")
    return HostPort(host=match[1] or match[2], port=int(match[3]))


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(_text(value))
    except ValueError:
        raise refusal("faults.network") from None


def _path(value: object, info: ValidationInfo) -> Path | None:
    return _place(info).resolve(text) if (text := _text(value)) else None


def _required_path(value: object, info: ValidationInfo) -> Path:
    if (path := _path(value, info)) is None:
        raise refusal("faults.path")
    return path


def _store_url(value: object, info: ValidationInfo) -> Path | SecretStr:
    """Return the file of an SQLite store, or the address of a PostgreSQL store, which may hold a password."""
    url = value.get_secret_value() if isinstance(value, SecretStr) else _text(value)
    if url.startswith("postgresql://"):
        return SecretStr(url)
    match = re.fullmatch(r"sqlite:///([^?#]*[^?#/])", url)
    if not match or match[1] == ":memory:":
        raise refusal("faults.store_url")
    return _place(info).resolve(match[1])


def _secret(value: object, info: ValidationInfo) -> SecretStr:
    match value:
        case SecretStr():
            text = value.get_secret_value()
        case {"env": str(name), **more} if not more:
            text = _from_environment(name, _place(info).environ)
        case {"file": str(name), **more} if not more:
            text = _from_file(name, _place(info))
        case _:
            raise refusal("faults.secret")
    if not text:
        raise refusal("faults.not_empty")
    return SecretStr(text)


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    if not re.fullmatch(_ENV_NAME, name):
        raise refusal("faults.env_name")
    if text := environ.get(name, "").strip():
        return text
    # The author may have pasted the secret itself here; names of variables are in capitals.
    raise refusal("faults.env_unset", name=name if name == name.upper() else Sentence("faults.named_here"))


def _from_file(name: str, place: ConfigSource) -> str:
    # The same care: print only what looks like a path.
    path = name if re.search(r"[./\\]", name) else Sentence("faults.named_here")
    try:
        text = place.resolve(name).read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        raise refusal("faults.secret_unreadable", path=path, why=reason_of(error)) from None
    except ValueError:
        raise refusal("faults.secret_not_text", path=path) from None
    if not text:
        raise refusal("faults.secret_empty", path=path)
    return text


def _must(key: str, holds: Callable[[Any], object], **values: Any) -> AfterValidator:
    """Return a validator that refuses values for which *holds* is not true, by the sentence under *key*."""

    def check(value: Any) -> Any:
        if not holds(value):
            raise refusal(key, **values)
        return value

    return AfterValidator(check)


def _shaped(key: str, pattern: str) -> AfterValidator:
    return _must(key, lambda secret: re.fullmatch(pattern, secret.get_secret_value(), re.ASCII))


def _schema(**schema: Any) -> WithJsonSchema:
    return WithJsonSchema(schema)


_SECRET_SCHEMA = _schema(
    oneOf=[
        {"type": "string", "minLength": 1},
        *(
            {
                "type": "object",
                "properties": {how: {"type": "string"}},
                "required": [how],
                "additionalProperties": False,
            }
            for how in ("env", "file")
        ),
    ]
)

Text = Annotated[str, BeforeValidator(_text)]
WelcomeText = Annotated[str, BeforeValidator(_welcome_text)]
Whole = Annotated[
    int, Strict(), _must("faults.at_most", lambda value: abs(value) <= MAX_WHOLE, bound=MAX_WHOLE)
]
Department = Annotated[Whole, _must("faults.department", lambda value: value >= 1)]
Truth = Annotated[bool, Strict()]
Exact = Annotated[Decimal, BeforeValidator(_exact), _schema(type="number")]
Day = Annotated[date, BeforeValidator(_day), _schema(type="string", format="date")]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day), _schema(type="string", pattern=f"^{_TIME}$")]
Hours = Annotated[
    WorkingHours, BeforeValidator(_working_hours), _schema(type="string", pattern=f"^{_TIME}-{_TIME}$")
]
Zone = Annotated[ZoneInfo, BeforeValidator(_timezone), _schema(type="string")]
Country = Annotated[
    Text,
    _must("faults.country", is_known_country),
    _schema(type="string", pattern="^[A-Z]{2}$"),
]
Language = Annotated[str, BeforeValidator(_language), _schema(type="string", enum=list(languages()))]
# WeCom documents no form; unusual ids get a warning (config/warnings.py).
_CORP_ID = r"w[wx][0-9A-Za-z_-]{1,62}"
CorpId = Annotated[
    Text,
    _must("faults.corp_id", re.compile(_CORP_ID).fullmatch),
    _schema(type="string", pattern=f"^{_CORP_ID}$"),
]
UserId = Annotated[Text, AfterValidator(_userid), _schema(type="string", pattern=f"^{_USERID}$")]
QuotaId = Annotated[
    Text,
    _must("faults.quota_id", re.compile(r"[\w.-]{1,64}").fullmatch),
    _schema(type="string", minLength=1, maxLength=64),
]
BaseUrl = Annotated[Text, AfterValidator(_base_url), _schema(type="string", pattern="^https?://")]
Proxy = Annotated[
    Text,
    _must("faults.proxy", _is_proxy),
    _schema(type="string"),
]
PingUrl = Annotated[
    Text,
    _must("faults.ping_url", _is_ping_url),
    _schema(type="string"),
]
Listen = Annotated[HostPort, BeforeValidator(_listen), _schema(type="string", pattern="^.+:[0-9]+$")]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network), _schema(type="string")]
RequiredPath = Annotated[Path, BeforeValidator(_required_path), _schema(type="string", minLength=1)]
OptionalPath = Annotated[Path | None, BeforeValidator(_path), _schema(type="string")]
OptionalFile = Annotated[
    OptionalPath,
    _must("faults.no_file", lambda path: path is None or path.is_file()),
]
OptionalFolder = Annotated[
    OptionalPath,
    _must("faults.no_folder", lambda path: path is None or path.is_dir()),
]
StoreUrl = Annotated[Path | SecretStr, BeforeValidator(_store_url), _schema(type="string")]
Secret = Annotated[SecretStr, BeforeValidator(_secret), _SECRET_SCHEMA]
CallbackToken = Annotated[Secret, _shaped("faults.token", r"[A-Za-z0-9]{1,32}")]
CallbackAesKey = Annotated[Secret, _shaped("faults.aes_key", r"[A-Za-z0-9]{43}")]


class Section(BaseModel):
    """A table of the file: unknown keys are faults, defaults are validated like written values; frozen."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        hide_input_in_errors=True,  # a faulty value may be a secret
        use_attribute_docstrings=True,  # the text below a key is its description, also in the JSON Schema
    )


def left_out() -> Any:
    """Return a field that reads a missing table as an empty one, so that its defaults apply."""
    return Field(default_factory=dict)


def as_written(default: str | tuple[str, ...], **more: Any) -> Any:
    """Return a field with a default as written in the file; it is validated like a written value."""
    return Field(default, **more)

"""The sections of the configuration file as types; for roles and quotas see bot/config/rules.py.

Every key of any version is here, with its description below it for the JSON Schema that editors read.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field

from bot.config.fields import (
    BaseUrl,
    CallbackAesKey,
    CallbackToken,
    CorpId,
    Country,
    Day,
    Department,
    Exact,
    Hours,
    Language,
    Listen,
    Network,
    OptionalFile,
    OptionalFolder,
    OptionalPath,
    PingUrl,
    Proxy,
    RequiredPath,
    Secret,
    Section,
    StoreUrl,
    Text,
    TimeOfDay,
    Truth,
    UserId,
    WelcomeText,
    Whole,
    Zone,
    as_written,
    left_out,
)
from bot.core.counting import DAY_S
from bot.locales import DEFAULT

FiringDay = Literal["workdays", "every_day", "last_workday_of_week"]
ClosingDay = Literal[FiringDay, "first_workday_after_settlement"]


class WeCom(Section):
    """The corp, its app and the way to WeCom's servers."""

    corp_id: CorpId
    """The corp's id: admin console → 我的企业 → 企业ID."""
    agent_id: Whole = Field(ge=1)
    """The app's AgentId."""
    secret: Secret
    """The app's Secret."""
    callback_token: CallbackToken
    """Token of the app's 接收消息."""
    callback_aes_key: CallbackAesKey
    """EncodingAESKey of the app's 接收消息."""
    api_base_url: BaseUrl = "https://qyapi.weixin.qq.com"
    """Address of the API; may be the sandbox or a proxy."""
    oauth_base_url: BaseUrl = "https://open.weixin.qq.com"
    """Address where members log in from within WeCom."""
    login_base_url: BaseUrl = "https://login.work.weixin.qq.com"
    """Address where members log in from a browser."""
    proxy: Proxy = Field("", repr=False)  # may hold a password
    """Proxy for outgoing calls; empty for none."""
    ca_file: OptionalFile = as_written("")
    """PEM file of certificates to trust instead of the public ones; empty for those."""
    account_cap: Whole = Field(500, ge=1)
    """Seats of the corp: the daily send limit of an app is 200 times this [90236]."""
    max_per_minute: Whole = Field(6000, ge=1)
    """Receivers of app messages a minute."""
    max_in_flight: Whole = Field(5, ge=1, le=100)
    """Parallel message/send calls."""


class Server(Section):
    """The bot's own address."""

    listen: Listen = as_written("127.0.0.1:8080")
    """Host and port to listen on; port 0 takes any free one."""
    public_url: BaseUrl = "https://quota.example.com"
    """Address by which WeCom and members reach the bot."""
    trusted_proxies: tuple[Network, ...] = as_written(("127.0.0.1",))
    """Addresses or networks whose X-Forwarded-* headers are trusted."""
    verify_files: OptionalFolder = as_written("")
    """Folder whose WW_verify_*.txt are served at the root; empty for none."""
    callback_max_age: Whole = Field(3600, ge=0)
    """Most seconds between a callback's timestamp and now; 0: any."""
    callback_ips: Literal["any", "wecom"] = "any"
    """wecom: callbacks from WeCom's own addresses alone, read daily; any: signatures alone decide."""
    metrics_token: Secret | None = None
    """The token that readers of /metrics must send."""

    def page(self, path: str) -> str:
        """Return the address of *path* for phones; empty while public_url is not written."""
        return f"{self.public_url}{path}" if "public_url" in self.model_fields_set else ""


class Store(Section):
    """The database of the installation."""

    where: StoreUrl = as_written("sqlite:///var/quotabot.db", alias="url")
    """sqlite:///PATH begun at the file's folder, sqlite:////PATH from the root, or postgresql://…."""

    @property
    def address(self) -> Path | str:
        """Return the file, or the URL with its password."""
        return self.where if isinstance(self.where, Path) else self.where.get_secret_value()


class Locale(Section):
    """The language of everything that people read."""

    language: Language = DEFAULT
    """Language of messages and pages."""


class Calendar(Section):
    """Working days and hours."""

    timezone: Zone = as_written("Asia/Shanghai")
    """Zone of all local days and times."""
    country: Country = "CN"
    """Country of the public holidays and make-up working days (调休)."""
    holidays: tuple[Day, ...] = ()
    """Extra days off."""
    workdays: tuple[Day, ...] = ()
    """Extra working days; they win over every holiday."""
    working_hours: Hours = as_written("08:30-18:00")
    """No unrequested message is sent outside them; at most 10 hours."""


class Directory(Section):
    """The source of people and departments."""

    source: Literal["wecom", "csv"] = "wecom"
    """wecom: the corp's address book, with the roster beside it; csv: the roster file alone."""
    roster_path: RequiredPath = as_written("roster.csv", alias="roster")
    """The roster: people, departments, roles. Paths begin at the file's folder."""
    departments_path: OptionalPath = as_written("", alias="departments")
    """departments.csv (id,name,parent) for source csv; empty: departments are flat."""


class Ledger(Section):
    """Rules that derive adds from events."""

    regain_days: Whole = Field(3, ge=0, le=366)
    """A loss followed by an add of the same relation sooner than this was a slip; 0: never."""

    @property
    def regain_s(self) -> int:
        """Return regain_days in seconds, as bot.core.relations needs it."""
        return self.regain_days * DAY_S


class Review(Section):
    """The people who decide on appeals."""

    reviewers: tuple[UserId, ...] = ()
    """Userids; else the leader's leader. Undecided after 3 workdays it goes one up."""
    appeal_workdays: Whole = Field(5, ge=1)
    """Working days for appeals after a preliminary result."""


class Leaderboard(Section):
    """The ranking that groups see."""

    size: Whole = Field(5, ge=0)
    """How many places."""
    names: Literal["top", "none"] = "top"
    """top: only the leaders are named; none: nobody is."""


class Messages(Section):
    """The messages to people."""

    style: Literal["card", "markdown", "text"] = "card"
    """card (template cards), markdown or text. If WeCom refuses one, the next style is sent."""
    behind_threshold: Exact = Field(Decimal("0.9"), ge=0, le=2, json_schema_extra={"default": 0.9})
    """Reminders go to people whose pace is below it."""
    leaderboard: Leaderboard = left_out()
    """The ranking that groups see."""
    per_day: Whole = Field(3, ge=0, le=3)
    """Unrequested messages a person and day."""
    templates: OptionalFolder = as_written("")
    """Folder whose files replace the built-in texts; empty for none."""


class Robot(Section):
    """A group robot."""

    name: Text = Field(min_length=1)
    """Name for logs and commands."""
    webhook_key: Secret
    """The key in the robot's webhook address."""
    departments: tuple[Department, ...] = ()
    """Departments whose numbers it posts."""
    posts: tuple[Literal["digest", "weekly"], ...] = ()
    """What it posts."""


class Welcome(Section):
    """A first message to new customers."""

    enabled: Truth = False
    """Whether it is sent."""
    text: WelcomeText | None = None
    """The message. Left out: a greeting in the language of `[locale]`."""


_AT = "Time of day; WeCom asks to avoid minutes 0 and 30."
_ON = "Which days."


class Firing(Section):
    """The start of a job, in local time."""

    at: TimeOfDay = Field(description=_AT)
    on: ClosingDay = Field(description=_ON)


class Progress(Firing):
    """Everybody's morning message."""

    at: TimeOfDay = as_written("09:07", description=_AT)
    on: FiringDay = Field("workdays", description=_ON)


class Reminder(Firing):
    """A reminder to people who are behind."""

    at: TimeOfDay = as_written("16:37", description=_AT)
    on: FiringDay = Field("workdays", description=_ON)


class Digest(Firing):
    """Each leader's own people."""

    at: TimeOfDay = as_written("17:48", description=_AT)
    on: FiringDay = Field("workdays", description=_ON)


class Weekly(Firing):
    """The week's summary."""

    at: TimeOfDay = as_written("17:23", description=_AT)
    on: FiringDay = Field("last_workday_of_week", description=_ON)


class Close(Firing):
    """Preliminary results of a settled period."""

    at: TimeOfDay = as_written("08:42", description=_AT)
    on: ClosingDay = Field("first_workday_after_settlement", description=_ON)


class Sync(Firing):
    """Reading WeCom's own lists of people and of their customers."""

    at: TimeOfDay = as_written("02:17", description=_AT)
    on: FiringDay = Field("every_day", description=_ON)


class Engagement(Firing):
    """Reading WeCom's behaviour figures of the last days; yesterday's are missing before 06:00."""

    at: TimeOfDay = as_written("06:11", description=_AT)
    on: FiringDay = Field("every_day", description=_ON)


class BackupTime(Firing):
    """The daily backup, after what is removed by age."""

    at: TimeOfDay = as_written("04:43", description=_AT)
    on: FiringDay = Field("every_day", description=_ON)


class Purge(Firing):
    """Removal of what is older than `[privacy]` says."""

    at: TimeOfDay = as_written("03:41", description=_AT)
    on: FiringDay = Field("every_day", description=_ON)


class Schedule(Section):
    """The times of the jobs."""

    progress: Progress = left_out()
    """Everybody's morning message."""
    reminder: Reminder = left_out()
    """A reminder to people who are behind."""
    digest: Digest = left_out()
    """Each leader's own people."""
    close: Close = left_out()
    """Preliminary results of a settled period."""
    weekly: Weekly = left_out()
    """The week's summary."""
    sync: Sync = left_out()
    """Comparing with WeCom's own lists: people (with source = "wecom") and everybody's customers."""
    engagement: Engagement = left_out()
    """WeCom's behaviour figures of everybody: chats, replies, adds and losses a day."""
    purge: Purge = left_out()
    """Removal of what is older than `[privacy]` says."""
    backup: BackupTime = left_out()
    """The daily backup into the folder of `[backup]`."""


class Backup(Section):
    """The daily backup of the store."""

    folder: OptionalPath = as_written("")
    """Folder for daily backups, best on another disk; empty: none are made."""
    keep: Whole = Field(14, ge=1)
    """Daily backups that are kept; the oldest ones beyond are removed after a new one is checked."""


class Money(Section):
    """Limits on estimates."""

    cap_per_month: Whole = Field(0, ge=0)
    """Most yuan that all quotas of one person deduct for periods ending in one month; 0: no limit."""


class Campaign(Section):
    """A planned event whose bursts are no finding."""

    name: Text = Field(min_length=1)
    """What it is called."""
    first: Day = Field(alias="from")
    """First day."""
    last: Day = Field(alias="to")
    """Last day, included."""
    departments: tuple[Department, ...] = ()
    """Departments of the event, with all below them."""


class Rollout(Section):
    """The people who get messages."""

    mode: Literal["shadow", "pilot", "on"] = "on"
    """shadow: counts, messages admins only; pilot: also the departments below, without money; on."""
    departments: tuple[Department, ...] = ()
    """Departments of the pilot, with all below them."""


class Admins(Section):
    """The people who run the bot."""

    userids: tuple[UserId, ...] = ()
    """They are told about problems, and decide what nobody else may."""


class Watch(Section):
    """A watcher outside that raises the alarm when it hears nothing."""

    ping_url: PingUrl = Field("", repr=False)  # whoever knows it can feign that all is well
    """Called once a minute while receiving, counting and sending are well; empty for none."""


class Privacy(Section):
    """The stored data of customers."""

    store_customer_names: Truth = False
    """Whether names of customers are stored; each is shown to the customer's own employee only."""
    event_log_days: Whole = Field(180, ge=1)
    """Days that bodies of events, sent messages and logs of runs are kept."""
    pseudonyms_after_days: Whole = Field(365, ge=1)
    """Days after which the userid of a person who left becomes a pseudonym, once their results are signed."""

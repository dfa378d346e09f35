"""The installation as Prometheus text. Every process tells the same: all of it stands in the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bot import __version__
from bot.features.health import Health
from bot.features.outages import gaps
from bot.features.sync.report import load_last_sync_report
from bot.store.coordination import TOKEN

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

_MS = 1000
# Counters of the store with one label or more, and what they are.
_COUNTERS = {
    "callbacks": (
        "callbacks",
        ("outcome",),
        "callbacks by outcome: stored, checked or the failed check",
    ),
    "messages": ("messages", ("job", "outcome"), "messages by job and outcome"),
    "job_runs": ("job_runs", ("job", "outcome"), "firings of jobs by outcome"),
    "wecom_calls": ("wecom_calls", ("api", "errcode"), "calls to WeCom by API and errcode"),
}
_SECONDS = {
    "job_ms": ("job_seconds", "seconds that firings of a job took"),
    "job_late_ms": ("job_late_seconds", "seconds by which firings of a job began late"),
}
_SEND, _TOKEN, _DONE = "message/send", "gettoken", "0"


class _Installation:
    """A collector: prometheus-client asks it for the metrics at each reading."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._store = health.store

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        yield from self._gauges()
        yield from self._by_label()
        yield from self._counters()

    def _gauges(self) -> Iterator[Metric]:
        now = int(self._health.now())
        for name, value in self._health.depths().items():
            yield _gauge(name, f"{name.replace('_', ' ')} of this installation", value)
        gap, silence = gaps.find_gap(self._store, now=now), gaps.find_silence(self._store, now=now)
        is_complete = gap is None or not gap.withholds
        yield _gauge("complete", "1 while figures are complete", int(is_complete))
        silent_s = 0 if silence is None else now - silence.began_at
        yield _gauge("silence_seconds", "how long WeCom is silent, longer than plausible", silent_s)
        report = load_last_sync_report(self._store)
        found, repaired = (0, 0) if report is None else (report.found, report.repaired)
        yield _gauge("drift_found", "facts that the newest comparison found missing", found)
        yield _gauge("drift_repaired", "facts that the newest comparison repaired", repaired)
        token = self._store.tokens.get(TOKEN)
        left = max(0, token.expires_at - now) if token.token else 0
        yield _gauge("token_expires_seconds", "seconds until the access token is renewed", left)

    def _by_label(self) -> Iterator[Metric]:
        counts = self._health.welcomes()
        states = [((state.value,), number) for state, number in counts.states.items()]
        yield _family("welcomes", "welcome messages of 24 hours by how they ended", ("state",), states)
        refused = [((str(errcode),), number) for errcode, number in counts.refused.items()]
        yield _family(
            "welcomes_refused", "welcome messages of 24 hours that WeCom refused", ("errcode",), refused
        )
        parts = sorted({(str(part["part"]),) for part in self._health.degraded()})
        yield _family(
            "degraded", "1 for each part that readyz names", ("part",), [(part, 1) for part in parts]
        )
        last = [((str(row["job"]),), int(row["fire_at"])) for row in self._store.runs.last()]
        yield _family("job_last_fired_timestamp_seconds", "when each job was due last", ("job",), last)
        yield _family("info", "the version of this process", ("version",), [((__version__,), 1)])

    def _counters(self) -> Iterator[Metric]:
        counted = self._store.counters.all()
        for name, (called, labels, text) in _COUNTERS.items():
            rows = [(_split(label, len(labels)), number) for label, number in counted.get(name, {}).items()]
            yield _family(called, text, labels, rows, is_counter=True)
        for name, (called, text) in _SECONDS.items():
            seconds = [((job,), ms / _MS) for job, ms in counted.get(name, {}).items()]
            yield _family(called, text, ("job",), seconds, is_counter=True)
        calls = {_split(label, 2): number for label, number in counted.get("wecom_calls", {}).items()}
        sends = [((errcode,), number) for (api, errcode), number in calls.items() if api == _SEND]
        yield _family("sends", "calls of message/send by errcode", ("errcode",), sends, is_counter=True)
        renewed = [((), calls.get((_TOKEN, _DONE), 0))]
        yield _family("token_refreshes", "access tokens that WeCom gave", (), renewed, is_counter=True)


def metrics_text(health: Health) -> bytes:
    """Return all metrics as Prometheus text."""
    from prometheus_client import CollectorRegistry, generate_latest  # only /metrics needs it

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Installation(health))
    return generate_latest(registry)


def _gauge(name: str, text: str, value: float) -> Metric:
    return _family(name, text, (), [((), value)])


def _family(
    name: str,
    text: str,
    labels: tuple[str, ...],
    rows: Iterable[tuple[tuple[str, ...], float]],
    *,
    is_counter: bool = False,
) -> Metric:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    kind = CounterMetricFamily if is_counter else GaugeMetricFamily
    family = kind(f"quotabot_{name}", text, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _split(label: str, number: int) -> tuple[str, ...]:
    """Return the *number* words of a stored label."""
    words = label.split(" ", number - 1)
    return (*words, *[""] * (number - len(words)))

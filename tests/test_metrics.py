"""Metrics: what the processes count reaches /metrics through the store, and nothing is counted twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.docs import LANGUAGES, text_of
from builders.e2e import (
    FakeTime,
    at,
    bot_process,
    installation,
    sandbox_process,
    until,
    write_config,
    write_roster,
)
from prometheus_client.parser import text_string_to_metric_families

from bot import __version__
from bot.features.health import Health
from bot.features.metrics import metrics_text
from bot.services import Services
from bot.store import counters
from bot.store.counters import count
from bot.store.engine import StoreError
from bot.store.outbox import OutboxMessage
from bot.store.store import Store

ROOT = Path(__file__).parent.parent
MONITORING = ROOT / "deploy" / "monitoring"


@pytest.fixture(autouse=True)
def nothing_counted_before() -> Iterator[None]:
    counters._pending.clear()
    yield
    counters._pending.clear()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "quotabot.db")
    yield opened
    opened.close()


def values(store: Store) -> dict[str, float]:
    """Every sample as Prometheus reads it: `name{label="value"}` by its number."""
    text = metrics_text(Health(store, probe=lambda: None)).decode()
    return {
        f"{sample.name}{sorted(sample.labels.items()) or ''}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_counts_are_shown_at_once_and_stay_after_the_process(tmp_path: Path, store: Store) -> None:
    count("callbacks", "stored", number=2)
    name = "quotabot_callbacks_total[('outcome', 'stored')]"
    assert values(store)[name] == 2
    store.counters.flush()
    assert values(store)[name] == 2
    count("callbacks", "stored")
    store.counters.flush()
    store.close()

    again = Store(tmp_path / "quotabot.db")
    found = values(again)
    again.close()

    assert found[name] == 3


def test_a_failed_flush_loses_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StoreError("away")

    count("callbacks", "stored")
    with monkeypatch.context() as broken:
        broken.setattr(store.engine, "run_many", away)
        with pytest.raises(StoreError):
            store.counters.flush()
    store.counters.flush()

    assert store.counters.all() == {"callbacks": {"stored": 1}}


def message(key: str, job: str) -> OutboxMessage:
    return OutboxMessage(
        key=key, job=job, to_userid="yg01", content="x", msgtype="text", not_before=0, expires_at=2**40
    )


def test_messages_are_counted_by_job_and_outcome(store: Store) -> None:
    for number, state in enumerate(("sent", "sent", "failed")):
        assert store.outbox.add(message(f"progress:{number}", "progress"), created_at=0)
        (due,) = store.outbox.due(real_now=1, clock_now=1, batch=9)
        store.outbox.finish(due.seq, state=state, now=1)
        store.outbox.finish(due.seq, state=state, now=1)  # it has its end already
    assert not store.outbox.add(message("progress:0", "progress"), created_at=0)
    store.outbox.add(message("review:7", "review:appeal:7"), created_at=0)

    assert store.counters.all()["messages"] == {
        "progress planned": 3,
        "progress sent": 2,
        "progress failed": 1,
        "review planned": 1,
    }


def test_jobs_are_counted_by_outcome(store: Store) -> None:
    store.runs.claim("progress", 100, holder="a", now=100, lease_until=160)
    store.runs.end("progress", 100, holder="a", state="done")
    store.runs.end("progress", 100, holder="a", state="done")
    store.runs.miss("digest", 100, now=200)
    found = values(store)

    assert found["quotabot_job_runs_total[('job', 'progress'), ('outcome', 'done')]"] == 1
    assert found["quotabot_job_runs_total[('job', 'digest'), ('outcome', 'missed')]"] == 1
    assert found["quotabot_job_last_fired_timestamp_seconds[('job', 'progress')]"] == 100


def opened(tmp_path: Path) -> Path:
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    return write_config(tmp_path)


def of(services: Services) -> dict[str, float]:
    return values(services.store)


def test_state_is_told_as_gauges(tmp_path: Path) -> None:
    with installation(opened(tmp_path), FakeTime(at("2026-11-23T12:00"))) as services:
        whole = of(services)
        services.store.marks.clear("compared_whole")
        first = of(services)

    assert (whole["quotabot_complete"], first["quotabot_complete"]) == (1, 0)
    assert whole[f"quotabot_info[('version', '{__version__}')]"] == 1
    assert first["quotabot_degraded[('part', 'complete')]"] == 1
    assert "quotabot_degraded[('part', 'complete')]" not in whole
    assert whole["quotabot_silence_seconds"] == 0
    assert whole["quotabot_token_expires_seconds"] == 0


def test_a_service_counts_callbacks_tokens_and_calls(tmp_path: Path) -> None:
    with sandbox_process(tmp_path) as sandbox:
        config = write_config(tmp_path, app=sandbox.get("app"), api_url=sandbox.url)
        with bot_process(config) as bot:
            sandbox.post("switches", {"callback_url": f"{bot.url}/callback"})
            sandbox.post("verify", {})
            event = {"kind": "add", "userid": "yg01"}
            sandbox.post("events?wait=1", {"events": [event]})

            def found() -> str:
                import requests

                requests.post(
                    f"{bot.url}/callback?msg_signature=x&timestamp=1&nonce=2", data="<xml/>", timeout=60
                )
                return requests.get(f"{bot.url}/metrics", timeout=60).text

            until(lambda: 'quotabot_callbacks_total{outcome="stored"}' in found())
            until(lambda: "quotabot_token_refreshes_total 1.0" in found())
            text = found()

    assert 'quotabot_callbacks_total{outcome="checked"} 1.0' in text
    assert 'quotabot_callbacks_total{outcome="outer_XML"}' in text
    assert 'quotabot_wecom_calls_total{api="gettoken",errcode="0"} 1.0' in text


# --- names: page, dashboard and rules say the same as the program ---


def names(store: Store) -> set[str]:
    text = metrics_text(Health(store, probe=lambda: None)).decode()
    return set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))


def written_in(file: Path) -> set[str]:
    return set(re.findall(r"\bquotabot_[a-z0-9_]+", file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", ["grafana.json", "alerts.yml", "alerts.test.yml"])
def test_dashboard_and_rules_name_only_metrics_that_exist(store: Store, file: str) -> None:
    assert written_in(MONITORING / file) - names(store) == set()


def test_every_metric_is_on_the_dashboard(store: Store) -> None:
    assert names(store) - written_in(MONITORING / "grafana.json") == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_metric_is_on_the_page_and_no_other(store: Store, language: str) -> None:
    assert set(re.findall(r"`(quotabot_\w+)`", text_of("http", language))) == names(store)

"""`quotabot demo`: the tour plays a day through both sides' HTTP; the demo runs until it is told to end."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
import requests
from builders.e2e import COMMAND, ROOT, Done, command, until

from bot.app.demo import workday_in_mid_month

CHAPTER = re.compile(r"^━━ (.*) ━━$", re.MULTILINE)
HEADING = re.compile(r"^(员工.|主管.)（([a-z0-9]+)）$", re.MULTILINE)
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/\S*")
EMPLOYEES = dict(zip((f"yg{n:02d}" for n in range(1, 13)), "甲乙丙丁戊己庚辛壬癸子丑", strict=True))


@pytest.fixture(scope="module")
def tour() -> tuple[Done, float]:
    """What the tour printed, and its seconds of processor time with the sandbox's: neighbours cost none."""
    began = processor_s()
    done = command("demo", "--tour", within_s=300)
    return done, processor_s() - began


def processor_s() -> float:
    """Return what all processes that have ended here have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def chapters(tour: Done) -> dict[str, str]:
    """The text of each chapter by the first words of its title."""
    parts = CHAPTER.split(tour.out)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def receivers(tour: Done, word: str) -> list[tuple[str, str]]:
    """(userid, name) over each message of the one chapter whose title has *word*."""
    (text,) = [text for title, text in chapters(tour).items() if word in title]
    return [(userid, name) for name, userid in HEADING.findall(text)]


def test_the_tour_plays_a_day_in_less_than_a_minute(tour: tuple[Done, float]) -> None:
    done, seconds = tour

    assert done.code == 0, done.err
    assert seconds < 60
    assert "Traceback" not in done.err


def test_the_tour_speaks_one_language(tour: tuple[Done, float]) -> None:
    narrated = re.sub(r"quotabot|yg\d+|zg\d+|https?://\S+|wm\w+", "", tour[0].out + tour[0].err)

    assert re.findall(r"[A-Za-z]{3,} [a-z]{2,}", narrated) == []


def test_the_tour_shows_each_message_under_its_receivers_name(tour: tuple[Done, float]) -> None:
    morning = receivers(tour[0], "早间进度")
    evening = receivers(tour[0], "主管简报")

    assert dict(morning) == {userid: f"员工{stem}" for userid, stem in EMPLOYEES.items()}
    assert dict(evening) == {"zg01": "主管甲", "zg02": "主管乙"}


@pytest.mark.parametrize("word", ["早间进度", "提醒：", "主管简报"])
def test_nobody_in_the_tour_is_told_twice_by_a_job(tour: tuple[Done, float], word: str) -> None:
    told = [userid for userid, _ in receivers(tour[0], word)]

    assert len(told) == len(set(told))
    assert set(told) <= EMPLOYEES.keys() | {"zg01", "zg02"}


def test_the_tour_counts_a_storm_once(tour: tuple[Done, float]) -> None:
    assert "3 个事件投递了 9 次" in tour[0].out
    assert "企业微信丢弃 0 条" in tour[0].out
    assert "\n重复发送 0 条" in tour[0].out


def test_the_tour_shows_what_the_day_changed(tour: tuple[Done, float]) -> None:
    (day,) = [text for title, text in chapters(tour[0]).items() if "重复投递" in title]
    changed = {
        userid: (int(after) - int(before), int(lost) - int(lost_before))
        for userid, before, after, lost_before, lost in re.findall(
            r"(yg\d\d)：新增 (\d+) → (\d+)，.*，流失 (\d+) → (\d+)；目标", day
        )
    }

    # two adds, one add, one add whose loss was a slip, one add that was lost
    assert changed == {"yg01": (2, 0), "yg02": (1, 0), "yg04": (1, 0), "yg08": (1, 1)}


def test_the_tour_presses_buttons_and_they_work(tour: tuple[Done, float]) -> None:
    (pressed,) = [text for title, text in chapters(tour[0]).items() if "点两个按钮" in title]

    assert receivers(tour[0], "点两个按钮") == [("yg01", "员工甲"), ("yg04", "员工丁")]
    assert "yg01: ［明细］［今天别提醒］［我在休假］" in pressed  # asked for his list: all alive
    assert re.search(r"^yg04: (（请人帮忙）)?（明细）（今天不再提醒）（我在休假）$", pressed, re.MULTILINE)
    assert "yg04" not in dict(receivers(tour[0], "提醒："))


@contextmanager
def demo(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A demo in a session of its own, as in a terminal; what it says is in *folder*/out."""
    with (
        (folder / "out").open("w") as out,
        subprocess.Popen(
            [*COMMAND, "demo", *options],
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "TMPDIR": str(folder), "LC_ALL": "en_US.UTF-8"},
        ) as process,
    ):
        try:
            until(lambda: "Ctrl-C ends both" in said(folder), within_s=300)
            yield process
        finally:
            process.kill()


def said(folder: Path) -> str:
    return (folder / "out").read_text(encoding="utf-8")


def test_the_demo_prints_addresses_that_answer_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with demo(tmp_path, "--language", "en") as process:
        addresses = ADDRESS.findall(said(tmp_path))
        (page,) = [address for address in addresses if address.endswith("/")]
        answers = {requests.get(address, timeout=60).status_code for address in addresses}
        (sandbox,) = _children(process.pid)
        requests.post(f"{page}sandbox/clock", json={"advance": 20}, timeout=60)  # past 09:07
        until(lambda: _messages(f"{page}sandbox/messages") == 12)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all that it started
        code = process.wait(60)

        assert len(addresses) == 2
        assert answers == {200}
        assert code == 0
        assert "Traceback" not in said(tmp_path)
        assert " error " not in said(tmp_path)
        assert not Path(f"/proc/{sandbox}").exists()
        assert [entry.name for entry in tmp_path.iterdir()] == ["out"]  # its folder of files is gone
        for address in addresses:
            with pytest.raises(requests.ConnectionError):
                requests.get(address, timeout=2)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGHUP, id="the terminal is closed"),
        pytest.param(signal.SIGKILL, id="the demo is killed"),
    ],
)
def test_the_sandbox_does_not_outlive_the_demo(tmp_path: Path, number: signal.Signals) -> None:
    with demo(tmp_path, "--date", "2026-11-18") as process:
        (sandbox,) = _children(process.pid)
        process.send_signal(number)
        process.wait(60)

        until(lambda: not _is_alive(sandbox))
        assert "It is 2026-11-18 09:06 in the demo." in said(tmp_path)


@pytest.mark.parametrize(
    ("today", "played"),
    [
        pytest.param("2026-11-30", "2026-11-16", id="a month with 21 working days"),
        pytest.param("2026-02-20", "2026-02-12", id="a Spring Festival in the middle"),
        pytest.param("2026-10-01", "2026-10-20", id="a golden week at the beginning"),
    ],
)
def test_the_day_of_the_demo_is_a_workday_in_the_middle_of_the_month(today: str, played: str) -> None:
    assert workday_in_mid_month(date.fromisoformat(today)) == date.fromisoformat(played)


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _messages(url: str) -> int:
    members = requests.get(url, timeout=60).json()["members"]
    return sum(len(messages) for messages in members.values())


def _children(pid: int) -> list[int]:
    done = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in done.stdout.split()]

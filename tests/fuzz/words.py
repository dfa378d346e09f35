"""What members may say to the app: any text has one answer, and none is the apology for a fault of ours."""

from __future__ import annotations

import random

from builders.chat import arrive, text_event
from builders.e2e import outbox_rows

from bot.core.workdays import epoch_of
from bot.features.chat.commands import nearest_command, parse_command
from bot.messages.catalog import texts_in
from bot.services import Services
from fuzz.mutate import broken_text
from fuzz.tally import Tally

WORDS = (
    *(
        "进度",
        "排名",
        "明细",
        "明细 2",
        "为什么 3",
        "为什么 wm-jia",
        "申诉 3 客户已开户，有凭证",
        "静音",
        "取消静音",
    ),
    *(
        "请假 2026-12-01 2026-12-03",
        "请假 明天",
        "休假 12月1日 到 12月3日",
        "规则",
        "隐私",
        "验证 ABCD-EFGH-JKMN-PQRS",
    ),
    *(
        "帮助",
        "团队",
        "需帮助",
        "落后",
        "导出",
        "回答 1 是我加的",
        "我来帮 lisi",
        "确认请假 lisi",
        "求助",
        "我在休假",
    ),
    *(
        "progress",
        "rank",
        "list",
        "why 1",
        "appeal 1 opened on Monday",
        "mute",
        "leave tomorrow",
        "verify X",
        "help",
    ),
)


def parsing(seed: int, cases: int) -> Tally:
    """Try *cases* of texts on the parser alone."""
    tally = Tally()
    for number in range(cases):
        rng = random.Random(f"{seed}:word:{number}")
        text = broken_text(rng, rng.choice(WORDS))
        try:
            found, near = parse_command(text), nearest_command(text)
        except Exception as error:  # noqa: BLE001 - it is what we look for
            tally.fail(number, f"{type(error).__name__}: {error}")
            continue
        tally.outcomes["a command" if found else "near one" if near else "none"] += 1
    return tally


def answers(seed: int, cases: int, services: Services, *, askers: tuple[str, ...]) -> Tally:
    """Let *askers* say *cases* of texts and look at the answers."""
    tally, language = Tally(), services.language
    sorry = str(texts_in(language)["own.failed"])[:12]
    said_at = epoch_of(services.clock.now())
    for number in range(cases):
        rng = random.Random(f"{seed}:answer:{number}")
        text = broken_text(rng, rng.choice(WORDS)).replace("]]>", "")
        msgid = f"{7_000_000_000_000 + number}"
        arrive(services, text_event(rng.choice(askers), text, msgid=msgid, at=said_at))
        rows = [row for row in outbox_rows(services) if row["key"] == f"answer:{msgid}"]
        if len(rows) != 1:
            tally.fail(number, f"{text!r} has {len(rows)} answers")
        elif sorry in rows[0]["content"]:
            tally.fail(number, f"{text!r} is answered with an apology")
        else:
            tally.outcomes["answered"] += 1
    return tally

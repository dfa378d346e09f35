"""A closed figure is proved by a program of the reader's own, and no change goes unseen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.docs import LANGUAGES, ROOT, text_of
from builders.e2e import QUOTA, Quotabot, at, change, command_here
from builders.reviews import branch, tell

from bot.core.relations import RelationKind
from bot.features.close import proof, results
from bot.services import Services
from bot.store import results as stored_results
from scheduler.jobs import PREPARES

PROGRAM = ROOT / "docs" / "examples" / "check_proof.py"
RULES = QUOTA.replace("50", "3") + "penalty = { flat = 300 }\n[quotas.counting]\nkeep_days = 7\n"
CLOSE, OVER = at("2026-12-08T08:42"), at("2026-12-15T18:00")
NAME = ("cm-monthly", "2026-11")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with branch(tmp_path, quotas=RULES, when=CLOSE) as opened:
        tell(opened, "zhang", "wm-1", at("2026-11-03T10:00"), RelationKind.ADDED)
        PREPARES["close"](opened, CLOSE)
        yield opened


@pytest.fixture
def checker(tmp_path: Path) -> Path:
    """The program that the page names."""
    program = PROGRAM.read_text(encoding="utf-8")
    assert len(program.splitlines()) <= 60
    path = tmp_path / "check_proof.py"
    path.write_text(program, encoding="utf-8")
    return path


def checked(checker: Path, written: str, root: str) -> tuple[int, str]:
    file = checker.with_name("proof.json")
    file.write_text(written, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", str(checker), str(file), root], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def root_of(services: Services) -> str:
    return proof.published(services.store)[NAME].root


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_names_the_program(language: str) -> None:
    assert f"[{PROGRAM.name}](examples/{PROGRAM.name})" in text_of("proof", language)


def test_the_program_of_the_page_proves_each_figure(services: Services, checker: Path) -> None:
    for userid in ("li", "zhang"):
        written = proof.prove(services.store, *NAME, userid)
        code, said = checked(checker, written, root_of(services))

        assert (code, f"userid={userid} " in said) == (0, True)
        assert len(written.encode()) <= 1024


def test_a_changed_figure_is_not_proved(services: Services, checker: Path) -> None:
    written = proof.prove(services.store, *NAME, "zhang").replace("counted=1 ", "counted=3 ")

    assert "counted=3" in written
    assert checked(checker, written, root_of(services))[0] == 1


def test_a_proof_says_nothing_that_a_neighbour_could_be_guessed_from(services: Services) -> None:
    lines = list(services.store.results.stored(*NAME))

    assert len({line.salt for line in lines}) == len(lines)
    assert all(len(line.salt) == 32 for line in lines)
    assert "zhang" not in proof.prove(services.store, *NAME, "li")


def test_the_root_of_many_is_made_of_a_few_lines_at_a_time(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = proof.publish(services.store, *NAME)
    asked, read = list[int](), services.store.engine.all

    def counted(name: str, /, **values: object) -> list[dict[str, object]]:
        asked.append(len(rows := read(name, **values)))
        return rows

    monkeypatch.setattr(stored_results, "_PIECE", 1)
    monkeypatch.setattr(services.store.engine, "all", counted)

    assert proof.publish(services.store, *NAME) == whole
    assert asked == [1] * int(str(whole["size"])) + [0]
    assert proof.find_faults(services.store) == []


def test_a_proof_of_many_people_is_at_most_one_kilobyte(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    (line, *_) = services.store.results.stored(*NAME)
    monkeypatch.setattr(services.store.results, "stored", lambda *_: [line] * 20_000)
    monkeypatch.setattr(
        proof, "find_root", lambda *_: proof.PublishedRoot(root=str(root["root"]), size=20_000, at=0)
    )
    root = proof.publish(services.store, *NAME)

    assert len(proof.prove(services.store, *NAME, line.userid).encode()) <= 1024


def test_a_signature_and_a_correction_publish_a_root_of_their_own(services: Services, checker: Path) -> None:
    roots = [root_of(services)]
    results.sign(services, *NAME, by="人事", at=OVER)
    roots.append(root_of(services))
    tell(services, "zhang", "wm-2", at("2026-11-04T10:00"), RelationKind.ADDED)
    results.correct(services, *NAME, "zhang", by="人事", reason="late", at=OVER)
    roots.append(root_of(services))
    written = proof.prove(services.store, *NAME, "zhang")

    assert len(set(roots)) == 3
    assert checked(checker, written, roots[2])[0] == 0
    assert "state=final" in written


def test_whole_results_have_no_fault(services: Services) -> None:
    results.sign(services, *NAME, by="人事", at=OVER)

    assert proof.find_faults(services.store) == []


@pytest.mark.parametrize(
    "statement",
    [
        """UPDATE results SET line = REPLACE(line, '"counted":1', '"counted":3') WHERE userid = 'zhang'""",
        "DELETE FROM results WHERE userid = 'li'",
        "UPDATE results SET userid = 'wang' WHERE userid = 'li'",
    ],
)
def test_a_changed_line_shows_and_is_not_proved(services: Services, statement: str) -> None:
    change(services, statement)

    assert proof.find_faults(services.store) == [
        "cm-monthly 2026-11: its lines differ from the published root"
    ]
    with pytest.raises(proof.ProofError, match="changed"):
        proof.prove(services.store, *NAME, "zhang")


def forget_roots(services: Services) -> None:
    """Let the close be that of an earlier version, which published no root."""
    (act,) = [one for one in services.store.audit.acts() if one.act == "close"]
    detail = {name: value for name, value in json.loads(act.detail).items() if name in ("lines", "sha256")}
    services.store.engine.learn("-- name: forget_roots(detail)!\nUPDATE audit SET detail = :detail;")
    services.store.engine.run("forget_roots", detail=json.dumps(detail))


def test_lines_of_an_earlier_version_are_compared_with_the_digest_of_their_close(services: Services) -> None:
    forget_roots(services)
    whole = proof.find_faults(services.store)
    change(services, "UPDATE results SET line = REPLACE(line, '\"counted\":1', '\"counted\":3')")

    assert whole == []
    assert proof.find_faults(services.store) == [
        "cm-monthly 2026-11: its lines differ from those of its close"
    ]
    with pytest.raises(proof.ProofError, match="not_published"):
        proof.prove(services.store, *NAME, "zhang")


def test_a_close_that_no_entry_tells_of_shows(services: Services) -> None:
    change(services, "DELETE FROM audit")

    assert proof.find_faults(services.store) == [
        "cm-monthly 2026-11: no entry of the audit log tells of its close"
    ]


def test_the_commands_list_prove_and_check(
    services: Services,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    checker: Path,
) -> None:
    quotabot: Quotabot = command_here(capsys, monkeypatch)
    told = ("--config", str(services.config.file))
    root, out = root_of(services), checker.with_name("zhang.json")
    listed = quotabot("close", "list", "--format", "json", *told).json()["periods"][0]["root"]
    shown = quotabot("close", "list", *told).out
    done = quotabot("close", "proof", *NAME, "ZHANG", "--by", "人事", "--output", str(out), *told)
    nobody = quotabot("close", "proof", *NAME, "wang", "--by", "人事", *told)
    whole = quotabot("check", *told)
    change(services, "UPDATE results SET line = REPLACE(line, '\"counted\":1', '\"counted\":3')")
    broken = quotabot("check", *told)

    assert (listed, root in shown) == (root, True)
    assert (done.code, done.out) == (0, "")
    assert checked(checker, out.read_text(encoding="utf-8"), root)[0] == 0
    assert (nobody.code, "wang" in nobody.err) == (1, True)
    assert [act.act for act in services.store.audit.acts()] == ["close", "proof"]
    assert whole.code == 0, whole.err
    assert broken.code == 2
    assert "its lines differ from the published root" in broken.err

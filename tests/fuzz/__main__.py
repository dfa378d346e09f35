"""`python -m fuzz`: try many wrong things by seed; exit code 1 if a promise broke."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from builders.imports import branch
from builders.service import running, services

from fuzz import answers, callbacks, events, files, words
from fuzz.tally import Tally, memory_mb

# Cases of each part in the long form.
CASES = {
    "callbacks": 1_000_000,
    "http": 50_000,
    "handlers": 20_000,
    "config": 20_000,
    "imports": 5_000,
    "words": 100_000,
    "chat": 2_000,
    "answers": 200_000,
}


@contextmanager
def _part(name: str, folder: Path) -> Iterator[Callable[[int, int], Tally]]:
    """Yield the function that tries cases of one part; it takes the seed and their number."""
    if name == "http":
        with services(folder) as opened, running(opened) as site:
            yield lambda seed, cases: callbacks.over_http(site, seed, cases)
    elif name == "handlers":
        with services(folder) as opened:
            yield lambda seed, cases: events.handled(seed, cases, opened)
    elif name in ("imports", "chat"):
        with branch(folder, folder / "bot.db") as opened:
            if name == "imports":
                yield lambda seed, cases: files.imports(seed, cases, opened, folder)
            else:
                yield lambda seed, cases: words.answers(
                    seed, cases, opened, askers=("zhangsan", "lisi", "nobody")
                )
    else:
        yield {
            "callbacks": callbacks.in_process,
            "config": lambda seed, cases: files.configurations(seed, cases, folder),
            "words": words.parsing,
            "answers": answers.wrong_answers,
        }[name]


def main() -> None:
    """Try the asked parts one after the other."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*CASES, []], help="all of them, if left out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, help="of each part; else as in the long form")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    failed = False
    for name in options.parts or CASES:
        with tempfile.TemporaryDirectory() as folder, _part(name, Path(folder)) as attempt:
            attempt(options.seed + 1, min(1000, CASES[name]))  # what is loaded and cached once
            before, began = memory_mb(), time.process_time()
            tally = attempt(options.seed, options.cases or CASES[name])
            seconds, grown = time.process_time() - began, memory_mb() - before
        failed = failed or bool(tally.failures)
        print(f"{name}: {tally.cases} cases, {seconds:.0f} s, {before:.0f} MB {grown:+.1f} MB", flush=True)
        for outcome, number in sorted(tally.outcomes.items()):
            print(f"  {number:>9} {outcome}")
        for failure in tally.failures:
            print(f"  {failure}   again: python -m fuzz {name} --seed {options.seed}")
    sys.exit(failed)


if __name__ == "__main__":
    main()

"""Progress bars for slow commands, on standard error, only on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.cli.options import spoken_texts


@contextmanager
def bars() -> Iterator[Callable[[str, int, int | None], None]]:
    """Yield a function to report progress: a step's name, the work done, the total if it is known.

    People read the name in the language of the configuration.
    """
    console = Console(stderr=True)
    shown = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    steps, names = {}, spoken_texts().table("cli.bars")

    def tell(step: str, done: int, total: int | None) -> None:
        if step not in steps:
            steps[step] = shown.add_task(names[step], total=total)
        shown.update(steps[step], completed=done, total=total)

    with shown:
        yield tell

"""`python -m pictures [NAME…]`: makes the pictures of docs/images anew; needs a Chromium and a CJK font."""

from __future__ import annotations

import sys
from pathlib import Path

import click

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # the example messages stand beside the tests that keep them true

from pictures.camera import CameraError, take  # noqa: E402 - needs the path above
from pictures.office import Office  # noqa: E402
from pictures.scenes import SCENES  # noqa: E402

_LANGUAGES = ("zh-CN", "en")


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(sorted(SCENES)))
@click.option("--to", "folder", type=click.Path(path_type=Path), default=ROOT / "docs" / "images")
def main(names: tuple[str, ...], folder: Path) -> None:
    """Write the pictures of NAMES, or all, in both languages, and say how large they are."""
    for name in names or tuple(SCENES):
        for language in _LANGUAGES:
            path = folder / f"{name}.{language}.png"
            try:
                _make(name, language, path)
            except CameraError as error:
                raise click.ClickException(str(error)) from error
            click.echo(f"{path.name}: {path.stat().st_size // 1024} KB")


def _make(name: str, language: str, path: Path) -> None:
    shots = SCENES[name]
    begin = shots[0].at
    office = Office(language=language, day=begin.date(), begin=begin.timestamp())
    for shot in shots:
        office.play(shot)
    phones = [shot.userid for shot in shots]
    take(office.page(*phones), phones=len(phones), path=path)


if __name__ == "__main__":
    main()

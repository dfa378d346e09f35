"""`quotabot init`: the first configuration, and what to paste where in WeCom's console."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from bot.app import starter
from bot.app.starter import Answers, ExistsError, Written
from bot.cli.options import config_option, speak
from bot.locales import DEFAULT, languages
from bot.messages.catalog import Texts, texts_in
from bot.messages.sentences import in_language, reason_of

_TARGET = 50

_CALLBACK_STEP = 4  # of the steps in the console: what to paste follows it


@click.command()
@config_option
@click.option("--language", type=click.Choice(languages()), help="Of the file, the hints and all messages.")
@click.option("--source", type=click.Choice(["wecom", "csv"]), help="Where people and departments come from.")
@click.option("--corp-id", metavar="ID", help="企业ID of 我的企业.")
@click.option("--agent-id", type=click.IntRange(min=1), help="AgentId of the app.")
@click.option("--secret-env", metavar="NAME", help="The environment variable that holds the app's Secret.")
@click.option("--public-url", metavar="URL", help="How WeCom and phones reach the bot.")
@click.option("--admins", metavar="USERIDS", help="Who is told what is wrong, separated by commas.")
@click.option("--target", type=click.IntRange(min=1), help="New customers a person and month, to begin with.")
def init(config_path: Path, **given: Any) -> None:
    """Write a short configuration in shadow mode, and say what to paste where in WeCom's console.

    Asks for what no option says. Overwrites nothing, sends nothing.

    \b
    quotabot init
    quotabot init --language en --source csv
    """
    language = given["language"] or DEFAULT
    if config_path.exists():  # before anybody answers questions
        raise click.UsageError(texts_in(language)["init.exists"].say(files=config_path))
    answers = _answers(given)
    texts = texts_in(answers.language)
    speak(answers.language)
    try:
        written = starter.write(config_path, answers, environ=os.environ)
    except ExistsError as error:
        raise click.UsageError(texts["init.exists"].say(files=error)) from None
    except OSError as error:
        reason = in_language(texts, reason_of(error))
        why = texts["init.unwritable"].say(file=error.filename, reason=reason)
        raise click.UsageError(why) from None
    for line in _report(texts, config_path, answers, written):
        click.echo(line)


def _answers(given: dict[str, Any]) -> Answers:
    """Return the options, and ask for those that were left out. Raises UsageError if nobody answers."""
    asker = _Asker(given)
    language = asker.choose("language", "语言 / Language", languages(), default=DEFAULT)
    texts = asker.speak(language)
    ask = texts.table("init.ask")
    return Answers(
        language=language,
        source=asker.choose("source", ask["source"], ("wecom", "csv"), default="wecom"),
        corp_id=asker.check("corp_id", ask["corp_id"], starter.corp_id),
        agent_id=asker.number("agent_id", ask["agent_id"]),
        secret="" if given["secret_env"] else asker.hidden("secret_env", ask["secret"]),
        secret_env=given["secret_env"] or "",
        public_url=asker.check("public_url", ask["public_url"], starter.public_url),
        admins=asker.check("admins", ask["admins"], starter.userids),
        target=asker.number("target", ask["target"], default=_TARGET),
    )


class _Asker:
    """Asks on standard error for the options that were not given; a closed input takes defaults."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self.texts = texts_in(given["language"] or DEFAULT)

    def speak(self, language: str) -> Texts:
        """Ask in *language* from now on; return its texts."""
        self.texts = texts_in(language)
        return self.texts

    def choose(self, name: str, question: str, choices: tuple[str, ...], *, default: str) -> str:
        """Return one of *choices*."""
        return str(self._ask(name, question, type=click.Choice(choices), default=default))

    def number(self, name: str, question: str, *, default: int | None = None) -> int:
        """Return a number from 1 on."""
        return int(self._ask(name, question, type=click.IntRange(min=1), default=default))

    def hidden(self, name: str, question: str) -> str:
        """Return a text that is not shown while it is typed."""
        return str(self._ask(name, question, hide_input=sys.stdin.isatty(), again=True)).strip()

    def check(self, name: str, question: str, check: Callable[[str], Any]) -> Any:
        """Return what *check* makes of the text; a ValueError of it is told."""

        def judge(text: str) -> Any:
            try:
                return check(text)
            except ValueError as error:
                why = in_language(self.texts, str(error))
                raise click.BadParameter(why, param_hint=_option(name)) from None

        given = self._given[name]
        return self._ask(name, question, value_proc=judge) if given is None else judge(given)

    def _ask(self, name: str, question: str, *, again: bool = False, **how: Any) -> Any:
        """Return the option or an answer. *again*: the option is none of the answer itself."""
        if self._given[name] is not None and not again:
            return self._given[name]
        try:
            return click.prompt(question, err=True, **how)
        except click.Abort:
            if sys.stdin.isatty():
                raise
            if how.get("default") is not None:
                return how["default"]
            raise click.UsageError(self.texts["init.nobody"].say(option=_option(name))) from None


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _report(texts: Texts, config_path: Path, answers: Answers, written: Written) -> Iterator[str]:
    """Yield the files and the steps in WeCom's console."""
    yield from (texts["init.wrote"].say(file=file) for file in written.files)
    yield ""
    yield texts["init.console"]
    for number, step in enumerate(texts.each("init.steps"), 1):
        yield f"{number}. " + step.say(
            corp_id=answers.corp_id,
            agent_id=answers.agent_id,
            public_url=answers.public_url,
            domain=urlsplit(answers.public_url).hostname,
        )
        if number == _CALLBACK_STEP:
            yield "     " + texts["init.callback.url"].say(url=f"{answers.public_url}/callback")
            yield "     " + texts["init.callback.token"].say(token=written.token)
            yield "     " + texts["init.callback.aes_key"].say(aes_key=written.aes_key)
            yield "   " + texts["init.callback.tick"]
    yield ""
    yield texts["init.secrets"].say(folder=config_path.parent / starter.SECRETS)
    if roster := next((file for file in written.files if file.name == starter.ROSTER), None):
        yield texts["init.roster"].say(file=roster)
    yield texts["init.next"].say(file=config_path)

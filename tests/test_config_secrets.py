"""No secret of the configuration is ever printed: not in a value, a fault, an error or a traceback."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest
from builders.config import AES_KEY, ENVIRON, MINIMAL, TOKEN, read, write
from hypothesis import given
from hypothesis import strategies as st

from bot.config import ConfigError, load

PLAIN = (
    MINIMAL.replace('{ env = "WECOM_SECRET" }', '"app-secret"')
    .replace('{ env = "WECOM_CALLBACK_TOKEN" }', f'"{TOKEN}"')
    .replace('{ env = "WECOM_CALLBACK_AES_KEY" }', f'"{AES_KEY}"')
)


def everything_said(path: Path, environ: dict[str, str]) -> str:
    """Load a wrong file and return all that an error can show, with the errors behind it."""
    with pytest.raises(ConfigError) as caught:
        load(path, environ=environ)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    lines = traceback.format_exception(error)
    return "".join([*lines, str(error), repr(error), repr(error.faults)])


@pytest.mark.parametrize("text", [pytest.param(PLAIN, id="in the file"), pytest.param(MINIMAL, id="outside")])
def test_a_configuration_prints_no_secret(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = text.replace("[directory]", 'proxy = "http://user:hunter2@proxy.example.com:3128"\n[directory]')
    text += '[server]\nmetrics_token = "metrics-token"\n'

    config = read(tmp_path, text)
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("configuration read %s %r", config, config)
    said = (
        f"{config} {config!r} {config.model_dump()} {config.model_dump_json(exclude={'calendar', 'wecom'})}"
    )

    for secret in ("app-secret", TOKEN, AES_KEY, "metrics-token"):
        assert secret not in said + caplog.text
    assert "hunter2" not in f"{config} {config!r}" + caplog.text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("agent_id = 1000002", "agent_id = 0", id="a fault elsewhere in the section"),
        pytest.param("\nsecret = ", "\nsecrets = ", id="misspelt key of the secret"),
        pytest.param("\nsecret = ", "\nSecret = ", id="key of the secret in capitals"),
        pytest.param("\nsecret = ", "\nappsecret = ", id="key of another system"),
        pytest.param(f'"{AES_KEY}"', f'"{AES_KEY}x"', id="a letter too many in the key itself"),
        pytest.param(f'"{TOKEN}"', f'"{TOKEN}-"', id="a dash in the token itself"),
        pytest.param('"app-secret"', '{ env = "app-secret" }', id="secret pasted as a variable's name"),
        pytest.param('"app-secret"', '{ file = "app-secret" }', id="secret pasted as a file's name"),
        pytest.param('"app-secret"', '["app-secret"]', id="secret in a list"),
        pytest.param('"app-secret"', '{ value = "app-secret" }', id="secret in a table"),
        pytest.param("[wecom]", 'secret = "app-secret"\n[wecom]', id="secret above its section"),
        pytest.param('secret = "app-secret"', 'secret = "app-secret', id="quote forgotten"),
        pytest.param('source = "csv"', 'source = "csv"\n[[robots]]\nwebhook_key = "app-secret"', id="robot"),
    ],
)
def test_an_error_prints_no_secret(tmp_path: Path, old: str, new: str) -> None:
    assert old in PLAIN
    said = everything_said(write(tmp_path, PLAIN.replace(old, new)), ENVIRON)

    for secret in ("app-secret", TOKEN, AES_KEY):
        assert secret not in said


def test_a_section_that_is_a_text_is_not_shown(tmp_path: Path) -> None:
    said = everything_said(write(tmp_path, 'wecom = "app-secret"\n'), {})

    assert "app-secret" not in said
    assert "wecom: must be a table" in said


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(MINIMAL + '[store]\nurl = "mysql://bot:hunter2@db/bot"\n', id="store"),
        pytest.param(
            MINIMAL.replace("[directory]", 'proxy = "socks5://me:hunter2@p:1"\n[directory]'), id="proxy"
        ),
        pytest.param(
            MINIMAL + '[server]\npublic_url = "https://me:hunter2@quota.example.com"\n', id="address"
        ),
        pytest.param(MINIMAL + '[store]\nurl = "mysql://bot:hunter2@x@db/bot"\n', id="@ in the password"),
    ],
)
def test_a_password_in_an_address_is_not_shown(tmp_path: Path, text: str) -> None:
    said = everything_said(write(tmp_path, text), ENVIRON)

    assert "hunter2" not in said
    assert "(not shown)@" in said


def test_what_is_wrong_with_a_secret_file_is_said_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "aes.txt").write_text("too-short-key")
    path = write(tmp_path, MINIMAL.replace('{ env = "WECOM_CALLBACK_AES_KEY" }', '{ file = "aes.txt" }'))

    said = everything_said(path, ENVIRON)

    assert "too-short-key" not in said
    assert "wecom.callback_aes_key: must be 43 letters and digits" in said


@given(secret=st.from_regex(r"[A-Za-z0-9_-]{12,60}", fullmatch=True), key=st.sampled_from(["_", "x", "-old"]))
def test_no_secret_under_any_misspelt_key_is_shown(
    tmp_path_factory: pytest.TempPathFactory, secret: str, key: str
) -> None:
    secret = f"zq{secret}"  # no piece of a sentence by chance
    path = write(tmp_path_factory.mktemp("config"), f'[wecom]\nsecret{key} = "{secret}"\nagent_id = "x"\n')

    assert secret not in everything_said(path, {})

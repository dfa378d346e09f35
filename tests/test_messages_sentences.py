"""Sentences that are thrown and stored: English for programs, any language for people."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

from bot.locales import languages
from bot.messages.catalog import texts_in
from bot.messages.sentences import Sentence, in_language, packed, unpacked
from bot.store.coordination import TOKEN
from bot.store.store import Store
from bot.store.troubles import Part, Trouble
from bot.wecom.errors import AnswerError, NotSentError

ENGLISH, CHINESE = texts_in("en"), texts_in("zh-CN")
PLAIN = Sentence("sentences.http", status=502)
NESTED = Sentence(
    "sentences.odd", what=Sentence("sentences.tag", id=4), why=str(AnswerError(81011, "no right"))
)
LISTED = Sentence("sentences.several_more", items=[NESTED, "x: y"], n=3)
SENTENCES = [PLAIN, NESTED, LISTED, Sentence("sentences.untrusted")]


def test_a_sentence_is_english_and_says_itself_in_another_language() -> None:
    assert PLAIN == "WeCom answered HTTP 502"
    assert in_language(CHINESE, PLAIN) == "企业微信返回 HTTP 502"


def test_the_text_of_an_error_is_the_sentence_that_it_was_made_with() -> None:
    error = NotSentError(Sentence("sentences.no_connection", why=Sentence("sentences.untrusted")))

    assert str(error) == (
        "no connection to WeCom (its certificate is not trusted; is [wecom] ca_file needed?)"
    )
    assert in_language(CHINESE, str(error)) == ("连不上企业微信（证书不受信任，是否要填 [wecom] ca_file？）")


def test_sentences_within_sentences_are_said_in_the_language_too() -> None:
    assert NESTED == "tag 4: WeCom answered 81011 (no right)"
    assert in_language(CHINESE, NESTED) == "标签 4：企业微信返回 81011"
    assert in_language(CHINESE, LISTED) == "标签 4：企业微信返回 81011；x: y；另有 3 项"


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize(("errcode", "words"), [(60020, "企业可信IP"), (7, "7"), (-1, "-1")])
def test_an_answer_has_its_remedy_also_where_only_english_is_stored(
    language: str, errcode: int, words: str
) -> None:
    text = in_language(texts_in(language), str(AnswerError(errcode, "stem")))

    assert words in text
    assert text.startswith(("WeCom answered ", "企业微信返回 "))


@pytest.mark.parametrize("sentence", [*SENTENCES, "an old note", ""])
def test_a_sentence_comes_back_from_the_store(sentence: str) -> None:
    again = unpacked(packed(sentence))

    assert again == sentence
    assert type(again) is type(sentence)
    assert in_language(CHINESE, again) == in_language(CHINESE, sentence)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_copy_of_a_sentence_is_one(sentence: Sentence) -> None:
    for again in (copy.deepcopy(sentence), pickle.loads(pickle.dumps(sentence))):
        assert again == sentence
        assert in_language(CHINESE, again) == in_language(CHINESE, sentence)


@pytest.mark.parametrize("change", [{"key": "sentences.of_a_later_version"}, {"values": {}}])
def test_what_this_version_cannot_say_is_english(change: dict[str, object]) -> None:
    kept = json.loads(packed(PLAIN)) | change

    assert unpacked(json.dumps(kept)) == str(PLAIN)


def test_a_note_of_an_earlier_version_still_shows(tmp_path: Path) -> None:
    store = Store(tmp_path / "quotabot.db")
    with store.transaction():
        store.engine.run("mark_put", name="delivery_trouble", value='{"errcode": 0, "text": "no answer"}')
        store.troubles.note(Part.DIRECTORY, Trouble(0, PLAIN, until=7))
        store.tokens.block(TOKEN, error=PLAIN, errcode=0, until=7)

    assert store.troubles.get(Part.DELIVERY) == Trouble(0, "no answer")
    assert store.troubles.get(Part.DIRECTORY) == Trouble(0, PLAIN, until=7)
    for text in (store.troubles.get(Part.DIRECTORY).text, store.tokens.get(TOKEN).error):  # type: ignore[union-attr]
        assert in_language(CHINESE, text) == "企业微信返回 HTTP 502"
    store.close()

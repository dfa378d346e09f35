"""The receiver that tutorials teach, as the peer: Flask, wechatpy, and sqlite3 opened for each request.

Start: `gunicorn --workers 2 bench.tutorial_receiver:app` with the database's path in BENCH_DATABASE.
"""

from __future__ import annotations

import os
import sqlite3

from flask import Flask, abort, request
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.work import parse_message
from wechatpy.work.crypto import WeChatCrypto
from wechatpy.work.exceptions import InvalidCorpIdException

from bench.callbacks import AES_KEY, CORP_ID, TOKEN

DATABASE = os.environ["BENCH_DATABASE"]

app = Flask(__name__)
crypto = WeChatCrypto(TOKEN, AES_KEY, CORP_ID)


@app.route("/callback", methods=["POST"])
def callback() -> str:
    """Decrypt, parse, insert, commit, answer."""
    try:
        message = crypto.decrypt_message(
            request.data,
            request.args.get("msg_signature"),
            request.args.get("timestamp"),
            request.args.get("nonce"),
        )
    except (InvalidSignatureException, InvalidCorpIdException):
        abort(403)
    event = parse_message(message)
    connection = sqlite3.connect(DATABASE)
    connection.execute("INSERT INTO events (source, body) VALUES (?, ?)", (event.source, message))
    connection.commit()
    connection.close()
    return "success"

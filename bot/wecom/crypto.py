"""Signature and encryption of callbacks [90930, 90968]: a thin layer over wechatpy's crypto.

wechatpy compares signatures without constant time, checks neither padding nor lengths, and lets any error
escape. So only its signature and its cipher are used; all checks are here.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import struct

from bot.wecom.lean import lean_imports

with lean_imports():
    from wechatpy.utils import WeChatSigner
    from wechatpy.work.crypto import PrpCrypto

BLOCK = 32  # PKCS#7 here pads to 32 bytes, not to AES's 16
HEAD = 20  # 16 random bytes and the length of the message


class CallbackError(Exception):
    """A callback that is forged or not for us. The text names the failed check, never content."""


class SignatureError(CallbackError):
    """A signature that does not match."""


class DecryptionError(CallbackError):
    """Wrong encoding, padding or length."""


class ReceiverError(CallbackError):
    """A callback encrypted for another corp or suite."""


class CallbackCrypto:
    """Signature check and decryption of one corp's callbacks. Safe to share between threads."""

    def __init__(self, *, token: str, aes_key: str, corp_id: str) -> None:
        """Store the keys. *aes_key* is the EncodingAESKey, 43 characters; its two spare bits are ignored."""
        self._token = token
        self._corp_id = corp_id.encode()
        self._cipher = PrpCrypto(base64.b64decode(aes_key + "=")).cipher

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """Return the sha1 over the sorted strings, hex in lower case."""
        signer = WeChatSigner()
        signer.add_data(self._token, timestamp, nonce, encrypted)
        return str(signer.signature)

    def check_signature(self, signature: str, *, timestamp: str, nonce: str, encrypted: str) -> None:
        """Raise SignatureError for a wrong signature. The comparison takes constant time."""
        expected = self.signature(timestamp, nonce, encrypted)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise SignatureError("the signature does not match")

    def decrypt(self, encrypted: str) -> bytes:
        """Return the message inside *encrypted* (base64 text), as bytes.

        Raises DecryptionError, or ReceiverError if it is well formed but meant for another receiver.
        """
        try:
            cipher_text = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            raise DecryptionError("the text is not base64") from None
        if not cipher_text or len(cipher_text) % BLOCK:
            raise DecryptionError("the length is not a multiple of 32")
        plain: bytes = self._cipher.decrypt(cipher_text)
        padding = plain[-1]
        if not 1 <= padding <= BLOCK or plain[-padding:] != bytes([padding]) * padding:
            raise DecryptionError("the padding is wrong")
        content = plain[:-padding]
        if len(content) < HEAD:
            raise DecryptionError("the content is too short")
        (length,) = struct.unpack(">I", content[16:HEAD])
        if HEAD + length > len(content):
            raise DecryptionError("the length field is wrong")
        if not hmac.compare_digest(content[HEAD + length :], self._corp_id):
            raise ReceiverError("it is meant for another receiver")
        return content[HEAD : HEAD + length]

    def encrypt(self, message: bytes) -> str:
        """Return *message* as WeCom sends it, base64 text; for playing WeCom to ourselves."""
        head = secrets.token_bytes(16) + struct.pack(">I", len(message))
        content = head + message + self._corp_id
        padding = BLOCK - len(content) % BLOCK
        cipher_text: bytes = self._cipher.encrypt(content + bytes([padding]) * padding)
        return base64.b64encode(cipher_text).decode()

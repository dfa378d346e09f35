"""The envelope of callbacks: AES-256-CBC, PKCS#7 to 32 bytes, SHA-1 over four sorted strings.

WeCom documents 90930 and 90968. Plain text inside: 16 random bytes, the message's length (big-endian uint32),
the message, the receiver's id. For self-built apps that is the corp id.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

_BLOCK = 32  # PKCS#7 pads to 32 here, not to the cipher's 16 (90968)
_CIPHER_BLOCK = 16
_RANDOM = 16
_LENGTH = 4


class CryptoError(Exception):
    """An envelope that cannot be opened; the text names the failed step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """Encryption and decryption of the envelope for one callback address.

    *aes_key* is the EncodingAESKey: 43 characters of base64. The last character's two spare bits are ignored,
    as in WeCom.
    """

    token: str
    aes_key: str
    receive_id: str

    def encrypt(self, message: bytes, *, random16: bytes | None = None) -> str:
        """Return the base64 text for Encrypt or echostr; every call differs unless *random16* is given."""
        head = os.urandom(_RANDOM) if random16 is None else random16
        plain = head + struct.pack(">I", len(message)) + message + self.receive_id.encode()
        pad = _BLOCK - len(plain) % _BLOCK
        encryptor = self._cipher().encryptor()
        sealed = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
        return base64.b64encode(sealed).decode("ascii")

    def decrypt(self, encrypt: str) -> bytes:
        """Return the message of an Encrypt text.

        Raises CryptoError for broken base64, a wrong block length, padding, message length or receiver.
        """
        try:
            sealed = base64.b64decode(encrypt, validate=True)
        except (binascii.Error, ValueError) as exc:
            raise CryptoError("not base64") from exc
        if not sealed or len(sealed) % _CIPHER_BLOCK:
            raise CryptoError("not whole blocks")
        decryptor = self._cipher().decryptor()
        return self._message(_unpadded(decryptor.update(sealed) + decryptor.finalize()))

    def sign(self, *, timestamp: str, nonce: str, encrypt: str) -> str:
        """Return msg_signature: SHA-1 over the four strings in ASCII order, lower-case hex."""
        parts = "".join(sorted((self.token, timestamp, nonce, encrypt)))
        return hashlib.sha1(parts.encode(), usedforsecurity=False).hexdigest()

    def _message(self, plain: bytes) -> bytes:
        body = plain[_RANDOM:]
        if len(body) < _LENGTH:
            raise CryptoError("too short")
        (length,) = struct.unpack(">I", body[:_LENGTH])
        if length > len(body) - _LENGTH:
            raise CryptoError("wrong message length")
        message, receiver = body[_LENGTH : _LENGTH + length], body[_LENGTH + length :]
        if receiver != self.receive_id.encode():
            raise CryptoError("another receiver")
        return message

    def _cipher(self) -> Cipher[CBC]:
        key = base64.b64decode(self.aes_key + "=")
        return Cipher(AES(key), CBC(key[:16]))


def _unpadded(plain: bytes) -> bytes:
    pad = plain[-1]
    if not 1 <= pad <= _BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise CryptoError("wrong padding")
    return plain[:-pad]

"""`[wecom] ca_file` as banks hand it over: `check` says what is wrong before the first call fails."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from builders.e2e import Quotabot, command_here, write_config, write_roster
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def quotabot(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Quotabot:
    return command_here(capsys, monkeypatch)


@pytest.fixture(scope="module")
def certificate() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a made-up bank")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, START, START.replace(year=2036))
    return builder.sign(key, hashes.SHA256())


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        pytest.param("PEM", "", id="PEM"),
        pytest.param("DER", "is DER: openssl x509", id="DER"),
        pytest.param("BOM", "begins with a byte order mark", id="BOM"),
        pytest.param("empty", "is empty", id="empty"),
        pytest.param("text", "holds no certificate in PEM", id="something else"),
        pytest.param("missing", "no such file", id="missing"),
    ],
)
def test_check_reads_the_certificates(
    tmp_path: Path, quotabot: Quotabot, certificate: x509.Certificate, kind: str, says: str
) -> None:
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    data = {
        "PEM": pem,
        "DER": certificate.public_bytes(serialization.Encoding.DER),
        "BOM": b"\xef\xbb\xbf" + pem,
        "empty": b"\n",
        "text": b"our certificate",
    }
    if kind in data:
        (tmp_path / "ca.pem").write_bytes(data[kind])
    write_roster(tmp_path, "yg01,员工甲,11,客户经理,,,,")
    done = quotabot(
        "check", "--config", str(write_config(tmp_path, wecom='ca_file = "ca.pem"', language="en"))
    )

    assert done.code == (2 if says else 0)
    assert says in done.err
    assert ("ca_file" in done.err) is bool(says)
    assert ("no fault" in done.out) is not bool(says)

"""The proxy files of `deploy/` for a real nginx, with addresses and certificates of a test."""

from __future__ import annotations

import datetime
import os
import re
import shutil
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DEPLOY = Path(__file__).parents[2] / "deploy"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
with_nginx = pytest.mark.skipif(
    NGINX is None,
    reason="SKIPPED: no nginx (apt-get install nginx-light)",
)


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate and its key, made for this test."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "quota.example.com")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, private


def proxy_file(folder: Path, site: str) -> Path:
    """Write a whole nginx.conf around *site*, for a process without rights."""
    path = folder / "nginx.conf"
    temporary = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path.write_text(
        f"pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\ndaemon off;\nevents {{}}\n"
        f"http {{\n    access_log off;\n{temporary}{site}\n}}\n",
        encoding="utf-8",
    )
    return path


def site_of(name: str, folder: Path, *, port: int = 8080, upstreams: tuple[int, ...] = (9, 9)) -> str:
    """The file *name* with addresses and certificates of this test."""
    text = (DEPLOY / name).read_text(encoding="utf-8")
    for number, upstream in enumerate(upstreams, 1):
        text = text.replace(f"receiver-{number}:8080", f"127.0.0.1:{upstream}")
    if "ssl_certificate" in text:
        pem, private = certificate(folder)
        text = re.sub(r"ssl_certificate .*;", f"ssl_certificate {pem};", text)
        text = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {private};", text)
    return text.replace("listen 80;", f"listen 127.0.0.1:{port};")

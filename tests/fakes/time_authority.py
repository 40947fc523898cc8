"""A time-stamp authority by RFC 3161 on loopback: `openssl ts` behind a small HTTP server."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID

from provenance.credentials.chains import Subject, key_to_pem, make_authority, to_pem

CONFIGURATION: Final = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/root.pem
signer_key = {folder}/tsa-key.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class TimeAuthority:
    """anchor_pem: the root above it. is_broken: answers with an error from now on."""

    url: str
    anchor_pem: bytes
    is_broken: bool = False
    requests: list[bytes] = field(default_factory=list)


@contextmanager
def open_time_authority(folder: Path) -> Iterator[TimeAuthority]:
    """Serves until the block ends."""
    root_pem = _make_files(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            authority.requests.append(body)
            answer = b"" if authority.is_broken else _answer(folder, body)
            self.send_response(503 if authority.is_broken else 200)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    authority = TimeAuthority(f"http://127.0.0.1:{server.server_port}/tsa", root_pem)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(folder: Path, query: bytes) -> bytes:
    (folder / "query.tsq").write_bytes(query)
    command = [
        "openssl",
        "ts",
        "-reply",
        "-config",
        "tsa.conf",
        "-queryfile",
        "query.tsq",
        "-out",
        "reply.tsr",
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=10)
    return (folder / "reply.tsr").read_bytes()


def _make_files(folder: Path) -> bytes:
    now = datetime.now(UTC)
    root = make_authority(Subject("CN", "Test", "Test time root"), now=now)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = Subject("CN", "Test", "Test time authority").name()
    own, above = (
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()),
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signs(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(own, critical=False)
        .add_extension(above, critical=False)
        .sign(root.key, SHA256())
    )
    (folder / "root.pem").write_bytes(to_pem(root.certificate))
    (folder / "tsa.pem").write_bytes(to_pem(certificate))
    (folder / "tsa-key.pem").write_bytes(key_to_pem(key))
    (folder / "serial").write_text("01\n")
    (folder / "tsa.conf").write_text(CONFIGURATION.format(folder=folder))
    return to_pem(root.certificate)


def _signs() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )

"""A witness on 127.0.0.1 as c2sp.org/tlog-witness describes one: it signs what only ever grew."""

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenance.log.checkpoints import SignedCheckpoint, parse_checkpoint
from provenance.log.errors import LogFormatError, ProofError
from provenance.log.merkle import EMPTY_ROOT, verify_consistency
from provenance.log.notes import COSIGNATURE, Verifier, cosign


@dataclass
class LogWitness:
    """logs: the keys of those that it knows, by origin. seen: (size, root) by origin.

    lies: it answers with a signature over something else. asked: how often it was.
    """

    logs: dict[str, Verifier]
    name: str = "witness.example"
    key: Ed25519PrivateKey = field(
        default_factory=lambda: Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\7")
    )
    seen: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    url: str = ""
    lies: bool = False
    asked: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.key.public_key().public_bytes_raw(), COSIGNATURE)

    def add_checkpoint(self, body: str) -> tuple[int, str, str]:
        """(status, type, answer)."""
        head, _, note = body.partition("\n\n")
        old_line, *proof_lines = head.split("\n")
        try:
            checkpoint = parse_checkpoint(note)
            old = int(old_line.removeprefix("old "))
            proof = [base64.b64decode(line, validate=True) for line in proof_lines]
        except (LogFormatError, ValueError):
            return 400, "text/plain", "cannot be read"
        with self._turn:
            self.asked += 1
            return self._decide(checkpoint, old, proof)

    def _decide(self, signed: SignedCheckpoint, old: int, proof: list[bytes]) -> tuple[int, str, str]:
        checkpoint = signed.checkpoint
        verifier = self.logs.get(checkpoint.origin)
        if verifier is None:
            return 404, "text/plain", "unknown log"
        try:
            signed.note.require(verifier)
        except ProofError:
            return 403, "text/plain", "not signed by the log"
        if old > checkpoint.size:
            return 400, "text/plain", "old is larger"
        size, root = self.seen.get(checkpoint.origin, (0, b""))
        if old != size:
            return 409, "text/x.tlog.size", f"{size}\n"
        try:
            verify_consistency(size, checkpoint.size, proof, root or EMPTY_ROOT, checkpoint.root)
        except ProofError:
            return 422, "text/plain", "not consistent"
        self.seen[checkpoint.origin] = (checkpoint.size, checkpoint.root)
        text = "something else\n" if self.lies else signed.note.text
        public = self.key.public_key().public_bytes_raw()
        line = cosign(text, int(time.time()), self.name, self.key.sign, public)
        return 200, "text/plain", f"{line}\n"


@contextmanager
def witnessing(*logs: Verifier) -> Iterator[LogWitness]:
    """A witness that knows these logs; runs until the context ends."""
    witness = LogWitness({log.name: log for log in logs})

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            found = (404, "text/plain", "no such path")
            if self.path == "/add-checkpoint":
                found = witness.add_checkpoint(body)
            content = found[2].encode()
            self.send_response(found[0])
            self.send_header("content-type", found[1])
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    witness.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield witness
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""Files to verify are examined in a process of their own, a few at a time."""

import asyncio
import json
from typing import Final

from provenance.credentials.facts import CredentialTrust
from provenance.evidence import is_bundle
from provenance.kinds import tell_kind
from service.children.asking import ask_child
from service.verification.errors import FileNotVerifiableError, FileUnreadableError, VerificationBusyError
from service.verification.messages import NOT_VERIFIABLE, Examined

CHILD: Final = "service.verification.reading"
MOST_AT_ONCE: Final = 2
MOST_WAITING: Final = 12  # whole files in memory


class VerificationSandbox:
    """One per process; `examine` from any task."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._present = 0

    async def examine(self, content: bytes, trust: CredentialTrust) -> Examined:
        """What a file says of itself; its size is bounded already.

        Raises: FileNotVerifiableError, FileUnreadableError, VerificationBusyError.
        """
        if tell_kind(content) is None and not is_bundle(content):
            raise FileNotVerifiableError
        if self._present >= MOST_AT_ONCE + MOST_WAITING:
            raise VerificationBusyError
        self._present += 1
        try:
            async with self._turns:
                head = json.dumps(
                    {"anchors": trust.anchors_pem.decode("ascii", "ignore")}
                )  # comments may be in any script
                answer = await ask_child(CHILD, head.encode() + b"\n" + content)
        finally:
            self._present -= 1
        return _read(answer)


def _read(answer: bytes) -> Examined:
    try:
        found = json.loads(answer) if answer else {}
        if found.get("problem") == NOT_VERIFIABLE:
            raise FileNotVerifiableError
        return Examined.from_json(found)
    except ValueError as error:
        raise FileUnreadableError from error

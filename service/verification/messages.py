"""What goes to the child process that examines a file, and what comes back."""

import base64
import json
from dataclasses import dataclass
from typing import Any, Final, Self

from provenance.evidence import Evidence
from provenance.examination import Examination

NOT_VERIFIABLE: Final = "file_not_verifiable"
UNREADABLE: Final = "file_unreadable"


@dataclass(frozen=True, slots=True)
class Examined:
    """A file, and what lay beside it in a bundle. name: of the file in the bundle."""

    examination: Examination
    evidence: Evidence
    name: str | None = None

    def to_json(self) -> str:
        evidence = self.evidence
        return json.dumps(
            {
                "examination": self.examination.to_json(),
                "name": self.name,
                "certificate": _packed(evidence.certificate),
                "entry": _packed(evidence.entry),
                "records": [_packed(one) for one in evidence.records],
                "proofs": list(evidence.proofs),
                "strays": evidence.strays,
            }
        )

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Self:
        """Raises: ValueError."""
        try:
            evidence = Evidence(
                certificate=_unpacked(found["certificate"]),
                entry=_unpacked(found["entry"]),
                records=tuple(base64.b64decode(one) for one in found["records"]),
                proofs=tuple(str(one) for one in found["proofs"]),
                strays=int(found["strays"]),
            )
            return cls(Examination.from_json(found["examination"]), evidence, found["name"])
        except (KeyError, TypeError) as error:
            raise ValueError("not what the child writes") from error


def _packed(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()


def _unpacked(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)

"""Examine and judge in one go, for programs that verify files of their own."""

from provenance.evidence import Evidence
from provenance.examining import examine
from provenance.verification.judging import judge
from provenance.verification.report import Report, Trust


def verify(content: bytes, evidence: Evidence, trust: Trust) -> Report:
    """All of it in this process; hostile files are better examined in one of their own.

    Raises: UnknownKindError: not a kind of file that can be checked.
    """
    return judge(examine(content, trust.credentials), evidence, trust)

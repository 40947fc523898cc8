"""What every flow of unlock links needs."""

from dataclasses import dataclass

from core.keys import Keys
from referral.programme import Programme
from referral.risk.assessor import Assessor
from referral.tokens import PageTokens


@dataclass(frozen=True, slots=True)
class Desk:
    """One per process. is_open False: nobody can be asked for help here."""

    keys: Keys
    programme: Programme
    pages: PageTokens
    risk: Assessor
    is_open: bool = True

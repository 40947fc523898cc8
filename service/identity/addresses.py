"""E-mail addresses: as typed for sending, canonical for telling people apart."""

from typing import Annotated, Final

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, StringConstraints

DOTLESS_DOMAINS: Final = frozenset({"gmail.com", "googlemail.com"})


def _normalised(address: str) -> str:
    try:
        return validate_email(address, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error


EmailAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_normalised)
]


def canonical(address: str) -> str:
    """One mailbox, one name: lower case, no +tag, and no dots where the provider ignores them."""
    local, _, domain = address.casefold().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in DOTLESS_DOMAINS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"

"""E-mail addresses: as typed for sending, canonical for telling people apart."""

from typing import Annotated, Final

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, StringConstraints

DOTLESS_DOMAINS: Final = frozenset({"gmail.com", "googlemail.com"})
# Mail software reads it as what it encodes: "=?utf-8?q?=61?=@example.org" is a@example.org to it, so that one
# mailbox would have as many names as it likes. Source: RFC 2047 section 2.
ENCODED_WORD: Final = "=?"


def _normalised(address: str) -> str:
    """In ASCII before the @: mail servers seldom take anything else (RFC 6531)."""
    try:
        found = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise ValueError(str(error)) from error
    if ENCODED_WORD in found.local_part:
        raise ValueError("An email address with an encoded word is not taken.")
    return found.normalized


EmailAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=254), AfterValidator(_normalised)
]


def canonical(address: str) -> str:
    """One mailbox, one name: lower case, no +tag, and no dots where the provider ignores them."""
    local, _, domain = address.lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in DOTLESS_DOMAINS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def mailable(address: str) -> str:
    """The address as mail servers take it: its domain in ASCII (RFC 5891), such as xn--fsqu00a.xn--fiqs8s."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{validate_email(f'x@{domain}', check_deliverability=False).ascii_domain}"

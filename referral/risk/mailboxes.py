"""Whether a mailbox is one that is thrown away."""

from typing import Final

from disposable_email_domains import blocklist

_DISPOSABLE: Final[frozenset[str]] = frozenset(blocklist)


def is_disposable(canonical_address: str) -> bool:
    """Whether its domain, or one above it, hands out mailboxes to throw away.

    Source: https://github.com/disposable-email-domains/disposable-email-domains
    """
    labels = canonical_address.rpartition("@")[2].casefold().split(".")
    return any(".".join(labels[start:]) in _DISPOSABLE for start in range(len(labels) - 1))

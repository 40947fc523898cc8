"""A help as it comes in, with what its request gave away. Raw: never stored, never logged."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

MAX_AGENT_CHARS: Final = 512


@dataclass(frozen=True, slots=True)
class Sender:
    """What a request says of where it comes from. `service.http.senders.sender_of(request)` reads it.

    address: IPv4 or IPv6 in text; private ones and None say nothing of a network, and cost nothing.
    device_id: what the client sent as its device when it signed in, or sends with `Huajian-Device`.
    """

    address: str | None = field(default=None, repr=False)
    user_agent: str | None = field(default=None, repr=False)
    device_id: str | None = field(default=None, repr=False)


class HelpAttempt(NamedTuple):
    """One tap on one link, in the transaction that has just inserted the help.

    is_new: counted as a new user by the snapshot at the tap.
    page_issued_at: when the page token was made, that is when the page was first shown. tapped_at: when the
        help came in. helper_created_at: of the helper's account. All three by one clock, the database's.
    """

    help_id: UUID
    link_id: UUID
    owner_id: UUID
    helper_id: UUID
    is_new: bool
    helper_created_at: datetime
    page_issued_at: datetime
    tapped_at: datetime
    sender: Sender

    @property
    def tap_seconds(self) -> float:
        return (self.tapped_at - self.page_issued_at).total_seconds()

    @property
    def sign_up_seconds(self) -> float | None:
        """From the page to the account of somebody new; None for an existing user."""
        return (self.helper_created_at - self.page_issued_at).total_seconds() if self.is_new else None

"""A tap on its way to becoming a help, and what became of it."""

from typing import NamedTuple
from uuid import UUID

from models.referral import HelpState
from referral.risk.attempts import Sender
from referral.tokens import PageToken


class Tap(NamedTuple):
    """A request whose page token and proof are good. `id` becomes the help's.

    code_hash: of the link's code. sent_device: the device that the request names, as `devices` keeps it.
    """

    id: UUID
    helper_id: UUID
    code_hash: bytes
    token: PageToken
    sender: Sender
    sent_device: bytes | None
    language: str


class HelpOutcome(NamedTuple):
    """What became of a tap.

    progress: of the link, as far as this is known. is_counted: the help is in it. is_replay: it is the same
    person's earlier help.
    """

    help_id: UUID
    link_id: UUID
    state: HelpState
    weight: int
    goal: int
    progress: int
    is_counted: bool = False
    is_replay: bool = False

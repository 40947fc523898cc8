"""Help somebody unlock: one tap, checked by itself first, then decided with those that come in beside it."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from core.clock import Clock
from core.group_commit import GroupWriter, Outcome, WriterUnavailableError
from core.ids import new_id
from core.statements import Statements, on
from referral import helps
from referral.codes import find_hash
from referral.errors import (
    DeviceHelpedError,
    LinkNotFoundError,
    PageTokenSpentError,
    ProgrammeOffError,
    ProofError,
)
from referral.helps import NewHelp
from referral.proof_of_work import is_solved
from referral.risk.attempts import Sender
from referral.risk.gathering import Paces
from service.flows.take_helps import ClashError, Outcomes, StaleError, take_helps
from service.unlocking.desk import Desk
from service.unlocking.news import LinkNews
from service.unlocking.taps import HelpOutcome, Tap

MAX_TRIES: Final = 8  # each was lost to somebody else who got what it wanted


class HelpRequest(NamedTuple):
    """One tap. `sender.device_id`: the device, for accounts that were not made on one."""

    code: str
    helper_id: UUID
    page_token: str
    proof: str
    sender: Sender
    language: str


class HelpWriter(GroupWriter[Tap, HelpOutcome]):
    """One per process. `submit` raises any refusal of `take_helps`."""

    def __init__(self, database_url: str, desk: Desk, *, news: LinkNews, clock: Clock) -> None:
        super().__init__(database_url, name="help")
        self._desk = desk
        self._news = news
        self._clock = clock

    async def commit(
        self, connection: asyncpg.Connection, requests: Sequence[Tap]
    ) -> list[Outcome[HelpOutcome]]:
        """A commit whose answer was lost is found again: the same person's earlier help."""
        outcomes: Outcomes = {}
        paces: Paces = {}
        for _ in range(MAX_TRIES):
            left = [tap for tap in requests if tap.id not in outcomes]
            if not left:
                break
            try:
                taken = await take_helps(connection, self._desk, left, paces=paces, now=self._clock())
            except (StaleError, asyncpg.DeadlockDetectedError):
                continue
            except ClashError as clash:
                outcomes |= await _explain(on(connection), clash.refused)
                continue
            outcomes |= taken
            break
        else:
            raise WriterUnavailableError("Too many others want the same.")
        return [outcomes[tap.id] for tap in requests]

    def line_of(self, request: Tap) -> bytes:
        return request.code_hash

    async def committed(self, outcomes: Sequence[Outcome[HelpOutcome]]) -> None:
        helped = {one.link_id for one in outcomes if isinstance(one, HelpOutcome) and not one.is_replay}
        self._news.announce(helped)


async def _explain(statements: Statements, refused: Sequence[NewHelp]) -> Outcomes:
    """Why helps were refused. Who is left out is looked at again: the next look finds their earlier help."""
    outcomes: Outcomes = {}
    for new in refused:
        earlier = await helps.find_conflict(statements, new)
        if earlier is None or earlier.is_own:
            continue
        if earlier.has_nonce:
            outcomes[new.id] = PageTokenSpentError("Somebody has helped with this page token.")
        else:
            outcomes[new.id] = DeviceHelpedError("Somebody has helped this link from this device.")
    return outcomes


async def help_unlock(desk: Desk, writer: HelpWriter, request: HelpRequest) -> HelpOutcome:
    """Take one help, or say what became of the same person's earlier one.

    Raises: LinkNotFoundError, PageTokenError, PageTokenExpiredError, PageTokenSpentError, ProofError,
        OwnHelpError, DeviceRequiredError, DeviceHelpedError, LinkEndedError, LinkFullError, HelperCapError,
        ChannelOffError, BudgetSpentError, AccountClosedError, ProgrammeOffError, WriterUnavailableError; no
        help was taken.
    """
    return await writer.submit(check_tap(desk, request))


def check_tap(desk: Desk, request: HelpRequest) -> Tap:
    """What a tap says of itself; nothing is looked up.

    Raises: LinkNotFoundError, PageTokenError, ProofError, ProgrammeOffError.
    """
    if not desk.is_open:
        raise ProgrammeOffError("Nobody can be asked for help here.")
    code_hash = find_hash(desk.keys, request.code)
    if code_hash is None:
        raise LinkNotFoundError("There is no such link.")
    token = desk.pages.open(code_hash, request.page_token)
    if not is_solved(token.salt, request.proof, token.difficulty_bits):
        raise ProofError("This proof does not solve the challenge.")
    return Tap(
        id=new_id(),
        helper_id=request.helper_id,
        code_hash=code_hash,
        token=token,
        sender=request.sender,
        sent_device=desk.risk.sent_device(request.sender),
        language=request.language,
    )

"""Channels, on and off: an operator's word, else the programme's."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.campaign import ChannelSwitch, ShareChannel
from referral.errors import ChannelOffError
from referral.programme import Programme


@dataclass(frozen=True, slots=True)
class ChannelStanding:
    """reason_zh, reason_en: why it is off, or was last; empty when nothing was said.

    changed_at: None: as the programme has it.
    """

    channel: ShareChannel
    is_on: bool
    reason_zh: str
    reason_en: str
    changed_at: datetime | None = None

    def reason(self, language: str) -> str:
        return self.reason_zh if language == "zh" else self.reason_en


async def list_channels(session: AsyncSession, programme: Programme) -> list[ChannelStanding]:
    """Every channel, in a fixed order."""
    said = {row.channel: row for row in await session.scalars(select(ChannelSwitch))}
    return [_standing(channel, said.get(channel), programme) for channel in ShareChannel]


async def find_channel(session: AsyncSession, programme: Programme, channel: ShareChannel) -> ChannelStanding:
    return _standing(channel, await session.get(ChannelSwitch, channel), programme)


def standing_of(
    programme: Programme,
    channel: ShareChannel,
    switched_on: bool | None,
    reason_zh: str | None,
    reason_en: str | None,
) -> ChannelStanding:
    """As `find_channel`, where the operator's word was read with something else; when is not told."""
    if switched_on is not None:
        return ChannelStanding(channel, switched_on, reason_zh or "", reason_en or "")
    return _standing(channel, None, programme)


def require_standing(standing: ChannelStanding, *, language: str) -> None:
    """Raises: ChannelOffError, with the reason in the reader's language."""
    if not standing.is_on:
        raise ChannelOffError(standing.channel.value, standing.reason(language))


async def require_on(
    session: AsyncSession, programme: Programme, channel: ShareChannel, *, language: str
) -> None:
    """As `require_standing`."""
    require_standing(await find_channel(session, programme, channel), language=language)


async def switch_channel(
    session: AsyncSession,
    channel: ShareChannel,
    *,
    is_on: bool,
    reason_zh: str,
    reason_en: str,
    operator_id: UUID,
    now: datetime,
) -> None:
    """Hold for new links and for helps of links that exist, from the commit on."""
    values = {
        "is_on": is_on,
        "reason_zh": reason_zh,
        "reason_en": reason_en,
        "changed_by": operator_id,
        "changed_at": now,
    }
    statement = insert(ChannelSwitch).values(channel=channel, **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=[ChannelSwitch.channel], set_=values)
    )


def _standing(channel: ShareChannel, row: ChannelSwitch | None, programme: Programme) -> ChannelStanding:
    if row is not None:
        return ChannelStanding(channel, row.is_on, row.reason_zh, row.reason_en, row.changed_at)
    rule = programme.channels[channel]
    reason = rule.reason or {}
    return ChannelStanding(channel, rule.is_on, reason.get("zh", ""), reason.get("en", ""))

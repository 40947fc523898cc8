"""A link and a person who wants to help it: what decides whether they may, and how much it counts."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from core.statements import Statements
from models.campaign import ShareChannel
from models.referral import HelpState, LinkState

# Everything that a help is decided by, in one look for many. OFFSET 0: else the planner, while a table
# is young, may read all of it into a hash instead of looking a few rows up, and go on so when it has grown.
READ_MEETINGS: Final = """
SELECT a.i, l.state AS link_state, l.channel, h.state AS help_state,
       l.id AS link_id, l.owner_id, l.expires_at, l.goal, l.progress,
       l.weight_new, l.weight_existing, l.reward_credits, l.campaign_id,
       l.reserved_at IS NOT NULL AS is_reserved,
       coalesce((SELECT used_credits FROM programme_months WHERE month = $6), 0) AS month_used,
       CASE WHEN p.state = 'running' THEN p.budget_credits - p.used_credits ELSE 0 END AS campaign_left,
       ARRAY(SELECT seats - taken FROM unlock_link_seats WHERE link_id = l.id ORDER BY shard) AS free_seats,
       EXISTS (
         SELECT FROM webhook_endpoints w WHERE w.owner_id = l.owner_id AND w.state <> 'disabled' OFFSET 0
       ) AS is_owner_told,
       o.closed_at IS NOT NULL AS is_owner_gone, u.created_at AS helper_created_at,
       u.closed_at IS NOT NULL AS is_helper_gone, known.device_hash, known.devices,
       ARRAY(SELECT device_hash FROM devices WHERE user_id = o.id LIMIT 20) AS owner_devices,
       known.mailboxes, known.are_verified,
       ARRAY(SELECT canonical_address FROM contacts WHERE user_id = o.id LIMIT 20) AS owner_mailboxes,
       d.user_id AS device_user_id, d.created_at AS device_seen_at,
       s.is_on AS switched_on, s.reason_zh, s.reason_en,
       EXISTS (SELECT FROM contacts c WHERE c.user_id = u.id AND c.verified_at IS NOT NULL OFFSET 0)
         OR EXISTS (SELECT FROM works w WHERE w.owner_id = u.id OFFSET 0) AS is_proven,
       EXISTS (SELECT FROM helps e WHERE e.helper_id = u.id OFFSET 0) AS has_helped,
       coalesce(t.taken, 0) AS helps_today,
       EXISTS (
         SELECT FROM contacts a JOIN contacts b USING (channel, canonical_address)
         WHERE a.user_id = l.owner_id AND b.user_id = u.id OFFSET 0
       ) AS shares_contact,
       EXISTS (
         SELECT FROM payment_marks a JOIN payment_marks b USING (digest)
         WHERE a.user_id = l.owner_id AND b.user_id = u.id OFFSET 0
       ) AS shares_card,
       h.id AS help_id, h.weight AS help_weight, clock_timestamp() AS read_at
FROM unnest($1::int[], $2::bytea[], $3::uuid[], $4::bytea[]) AS a(i, code_hash, helper_id, device_hash)
JOIN unlock_links l ON l.code_hash = a.code_hash
JOIN users o ON o.id = l.owner_id
JOIN users u ON u.id = a.helper_id
CROSS JOIN LATERAL (
  SELECT coalesce(a.device_hash, mine.devices[1]) AS device_hash, mine.*
  FROM (
    SELECT ARRAY(
        SELECT device_hash FROM devices WHERE user_id = u.id ORDER BY created_at DESC LIMIT 20
      ) AS devices,
      ARRAY(
        SELECT canonical_address FROM contacts WHERE user_id = u.id ORDER BY verified_at IS NULL, id LIMIT 20
      ) AS mailboxes,
      ARRAY(
        SELECT verified_at IS NOT NULL FROM contacts WHERE user_id = u.id
        ORDER BY verified_at IS NULL, id LIMIT 20
      ) AS are_verified
  ) AS mine
) AS known
LEFT JOIN campaigns p ON p.id = l.campaign_id
LEFT JOIN devices d ON d.device_hash = known.device_hash
LEFT JOIN channel_switches s ON s.channel = l.channel
LEFT JOIN help_days t ON t.helper_id = u.id AND t.day = $5
LEFT JOIN helps h ON h.link_id = l.id AND h.helper_id = u.id
"""


class Meeting(NamedTuple):
    """A link and a person who wants to help it, as the database knows both. A tuple in the order of the
    columns: many are made at once.

    device_hash: of the device that the request names, else the one on which the account was made; None:
        neither. device_user_id: whose it is; None: nobody has signed in on it as a guest.
    devices, mailboxes: the helper's, the newest device and proved contacts first, and which are proved.
    month_used: credits that the programme has promised or paid this month. campaign_left: what the link's
        campaign may still promise; 0 when it has none, or it does not run.
    free_seats: by shard. helps_today: that the helper gave. is_owner_told: their back end wants to hear of
        every count.
    switched_on: an operator's word on the channel, None without one, and why.
    read_at: the database's time, which accounts and devices are dated by.
    """

    link_state: LinkState
    channel: ShareChannel
    help_state: HelpState | None
    link_id: UUID
    owner_id: UUID
    expires_at: datetime
    goal: int
    progress: int
    weight_new: int
    weight_existing: int
    reward_credits: int
    campaign_id: UUID | None
    is_reserved: bool
    month_used: int
    campaign_left: int
    free_seats: Sequence[int]
    is_owner_told: bool
    is_owner_gone: bool
    helper_created_at: datetime
    is_helper_gone: bool
    device_hash: bytes | None
    devices: Sequence[bytes]
    owner_devices: Sequence[bytes]
    mailboxes: Sequence[str]
    are_verified: Sequence[bool]
    owner_mailboxes: Sequence[str]
    device_user_id: UUID | None
    device_seen_at: datetime | None
    switched_on: bool | None
    reason_zh: str | None
    reason_en: str | None
    is_proven: bool
    has_helped: bool
    helps_today: int
    shares_contact: bool
    shares_card: bool
    help_id: UUID | None
    help_weight: int | None
    read_at: datetime

    def came_for(self, helper_id: UUID, page_issued_at: datetime) -> bool:
        """Whether the account, and its device's first sign-in here, are younger than the page that was shown.

        The snapshot at the tap that decides new or existing. Nobody is new twice: whoever opened many pages
        before they made an account would be new for all of them.
        """
        if self.has_helped or self.helper_created_at <= page_issued_at:
            return False
        if self.device_user_id is None or self.device_seen_at is None:
            return self.device_user_id is None
        return self.device_user_id == helper_id and self.device_seen_at > page_issued_at


class Asked(NamedTuple):
    """Who wants to help which link. device_hash: of the device that the request names."""

    code_hash: bytes
    helper_id: UUID
    device_hash: bytes | None


async def find_meetings(statements: Statements, asked: Sequence[Asked], *, day: date) -> list[Meeting | None]:
    """The link and the person of each, in order; None without either. day: in which helps are counted."""
    rows = await statements.fetch(
        READ_MEETINGS,
        list(range(len(asked))),
        [one.code_hash for one in asked],
        [one.helper_id for one in asked],
        [one.device_hash for one in asked],
        day,
        day.replace(day=1),
    )
    if rows and tuple(rows[0].keys()) != ("i", *Meeting._fields):
        raise RuntimeError("the columns of READ_MEETINGS are not the fields of Meeting")
    found = dict(_read(*row.values()) for row in rows)
    return [found.get(number) for number in range(len(asked))]


def _read(i: int, link_state: str, channel: str, help_state: str | None, *rest: Any) -> tuple[int, Meeting]:
    known = None if help_state is None else HelpState(help_state)
    return i, Meeting(LinkState(link_state), ShareChannel(channel), known, *rest)

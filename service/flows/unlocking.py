"""What of unlock links lives as long as the process: one thing for the wiring to open."""

from dataclasses import dataclass
from datetime import timedelta

from redis.asyncio import Redis

from core.clock import Clock
from core.database import Sessions
from core.keys import Keys
from core.settings import ReferralSettings
from referral.programme import load_programme
from referral.risk.assessor import Assessor
from referral.tokens import PageTokens
from service.flows.help_unlock import HelpWriter
from service.flows.tally_link import Tallier
from service.unlocking.desk import Desk
from service.unlocking.look_reader import LookReader
from service.unlocking.looks import Looks
from service.unlocking.news import LinkNews
from service.unlocking.views import ViewCounter


@dataclass(frozen=True, slots=True)
class Unlocking:
    """What flows need, and who shows links, takes helps and counts them, tells owners and counts views."""

    desk: Desk
    looks: Looks
    helps: HelpWriter
    tallier: Tallier
    news: LinkNews
    views: ViewCounter
    reader: LookReader

    async def close(self) -> None:
        """Nobody is shown or told anything any more."""
        await self.news.close()
        await self.looks.close()
        self.reader.close()


def open_unlocking(
    settings: ReferralSettings,
    *,
    database_url: str,
    sessions: Sessions,
    keys: Keys,
    redis: Redis,
    risk: Assessor,
    clock: Clock,
) -> Unlocking:
    """Raises: OSError and pydantic's errors for a programme that cannot be read."""
    lifetime = timedelta(minutes=settings.page_token_minutes)
    programme = load_programme(settings.programme_file)
    reader = LookReader(database_url, programme)
    looks = Looks(reader.read, keys, shown_days=programme.times.shown_days)
    news = LinkNews(redis, forget=looks.forget)
    desk = Desk(
        keys=keys,
        programme=programme,
        pages=PageTokens(keys, lifetime=lifetime, difficulty_bits=settings.proof_bits),
        risk=risk,
        is_open=settings.is_open,
    )
    return Unlocking(
        desk=desk,
        looks=looks,
        helps=HelpWriter(database_url, desk, news=news, clock=clock),
        tallier=Tallier(sessions, risk, news, clock),
        news=news,
        views=ViewCounter(redis),
        reader=reader,
    )

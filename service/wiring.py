"""Settings to ports: everything a process needs, opened in order and closed in reverse. No logic."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from billing.catalog import Catalog, load_catalog
from billing.memberships.rules import MembershipRules, rules_of
from billing.payments import PaymentChannel
from billing.stripe_gateway import StripeGateway
from core.clock import Clock, utc_now
from core.database import Sessions, create_engine, create_sessions
from core.keys import Keys, load_keys
from core.settings import Settings
from core.valkey import open_redis
from generators.backends.studio.card.templates.shelf import read_shelf
from generators.fonts.store import default_folder
from moderation.photos import load_classifier
from provenance.credentials.following import FollowingSigner
from provenance.credentials.signers import ClaimSigner
from provenance.keyring import Keyring, load_keyring
from referral.risk.assessor import Assessor
from referral.risk.opening import open_assessor
from service.certificates.bench import Bench, open_workshops
from service.children.pool import ChildPool
from service.engines.endpoints import Endpoints
from service.flows.certification import Certification
from service.flows.keep_photo import PhotoKeeper
from service.flows.unlocking import Unlocking, open_unlocking
from service.flows.verify_file import FileVerifier
from service.http.cursors import Cursors
from service.identity.mailer import Mailer, choose_mailer
from service.identity.signing_in import SignInIssuer
from service.identity.tokens import AccessTokens
from service.jobs.estimates import Estimates
from service.jobs.event_hub import EventHub
from service.jobs.events import EventLog
from service.jobs.group_commit import AdmissionWriter
from service.limits.limiter import Limiter
from service.photos.sandbox import PhotoSandbox
from service.posters.shelf import PosterShelf
from service.rehearsal.server import Rehearsal
from service.storage.links import LinkSigner
from service.storage.store import FileStore
from service.verification.trust import own_trust

UNPUBLISHED_URL: Final = "http://127.0.0.1:8000"  # of a process that does not know where it listens


@dataclass(frozen=True, slots=True)
class Services:
    """What endpoints, workers and the keeper are made of."""

    settings: Settings
    endpoints: Endpoints
    clock: Clock
    catalog: Catalog
    keys: Keys
    keyring: Keyring | None  # None: nothing is certified
    certification: Certification | None  # likewise
    engine: AsyncEngine
    sessions: Sessions
    redis: Redis
    store: FileStore
    photos: PhotoKeeper
    posters: PosterShelf
    links: LinkSigner
    cursors: Cursors
    access_tokens: AccessTokens
    issuer: SignInIssuer
    mailer: Mailer
    limiter: Limiter
    events: EventLog
    hub: EventHub
    estimates: Estimates
    risk: Assessor
    unlocking: Unlocking
    admissions: AdmissionWriter
    verifier: FileVerifier
    rules: MembershipRules
    payments: PaymentChannel | None  # None: nothing is for sale
    rehearsal: Rehearsal | None  # what `payments` speaks to where no money moves
    signer: ClaimSigner  # of C2PA claims; refuses where production has no certificate
    stopping: asyncio.Event  # set when the process was told to stop: streams end, clients come back


@asynccontextmanager
async def open_services(
    settings: Settings,
    endpoints: Endpoints,
    *,
    clock: Clock = utc_now,
    catalog: Catalog | None = None,
    payments: PaymentChannel | None = None,
    rehearsal: Rehearsal | None = None,
    own_url: str | None = None,
    workshops: ChildPool | None = None,
) -> AsyncIterator[Services]:
    """Open what one process needs; nothing runs yet. `catalog` None reads our own.

    Args:
        own_url: where this process listens, for an installation that was given no public address.
        payments: who takes money, closed here at the end; None: Stripe when it is configured, else nobody.
        workshops: where files are made, when others use them too; None: some of our own, ended at the end.
    """
    read_shelf(settings.templates_dir)  # a bad template stops the start, not a job
    keys = load_keys(settings)
    keyring = load_keyring(settings)
    catalog = catalog or load_catalog()
    engine = create_engine(endpoints.database_url, pool_size=settings.database_pool_size)
    sessions = create_sessions(engine)
    store = FileStore.at(settings.storage.url, folder=settings.data_dir.resolve() / "files")
    signer = FollowingSigner(settings)
    classifier = load_classifier(settings.moderation.photo_classifier)
    if payments is None and settings.stripe is not None:
        payments = StripeGateway(settings.stripe)
    redis = open_redis(endpoints.redis_url)
    events = EventLog(redis)
    risk = open_assessor(settings.risk, keys, redis)
    unlocking = open_unlocking(
        settings.referral,
        database_url=endpoints.database_url,
        sessions=sessions,
        keys=keys,
        redis=redis,
        risk=risk,
        clock=clock,
    )
    access_tokens = AccessTokens(
        keys, lifetime=timedelta(minutes=settings.auth.access_token_minutes), clock=clock
    )
    makers = workshops or open_workshops(default_folder())
    bench = Bench(makers, time_stamp_seconds=settings.provenance.time_authority_seconds)
    certification = (
        None
        if keyring is None
        else Certification.over(
            sessions,
            store,
            keyring,
            signer,
            clock,
            bench,
            producer_code=settings.provenance.producer_code,
            public_url=settings.public_url,
            own_url=own_url or UNPUBLISHED_URL,
        )
    )
    verifier = FileVerifier(
        sessions,
        None if certification is None else certification.papers,
        partial(own_trust, settings, keyring),
    )
    try:
        yield Services(
            settings=settings,
            endpoints=endpoints,
            clock=clock,
            catalog=catalog,
            keys=keys,
            keyring=keyring,
            certification=certification,
            engine=engine,
            sessions=sessions,
            redis=redis,
            store=store,
            photos=PhotoKeeper(sessions, store, clock, PhotoSandbox(), classifier),
            posters=PosterShelf(store, default_folder()),
            links=LinkSigner(keys, timedelta(minutes=settings.storage.signed_url_minutes)),
            cursors=Cursors(keys),
            access_tokens=access_tokens,
            issuer=SignInIssuer(
                keys,
                access_tokens,
                refresh_lifetime=timedelta(days=settings.auth.refresh_token_days),
                grace=timedelta(seconds=settings.auth.refresh_grace_seconds),
            ),
            mailer=choose_mailer(settings.mail),
            limiter=Limiter(redis),
            events=events,
            hub=EventHub(redis),
            estimates=Estimates(redis),
            risk=risk,
            unlocking=unlocking,
            admissions=AdmissionWriter(
                endpoints.database_url, catalog=catalog, clock=clock, wake=events.wake_workers
            ),
            rules=rules_of(settings.memberships, catalog, keys),
            verifier=verifier,
            payments=payments,
            rehearsal=rehearsal,
            signer=signer,
            stopping=asyncio.Event(),
        )
    finally:
        if certification is not None:
            await certification.close()
        if workshops is None:
            await asyncio.to_thread(makers.close)
        await bench.close()
        await verifier.close()
        if payments is not None:
            await payments.close()
        await unlocking.close()
        await redis.aclose()
        await engine.dispose()

"""How long certifying and exporting take, with everything: database, store, labels, signature, log.

Usage: python -m benchmarks.exports [--works 12]

A still card of 1080 x 1440 px and a lyric, certified and exported in every format they have, one after
another, as a request does it: from the order to a file whose leaf is under a signed checkpoint.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from pydantic import SecretStr

from core.settings import AuthSettings, Settings
from generators.specs import Kind
from models.export import WorkExportState
from models.migrations.run import migrate
from provenance.facts import MiningChoice
from service.certificates import exports
from service.certificates.formats import formats_of
from service.engines.blocking import BlockingEngines
from service.engines.endpoints import Endpoints
from service.flows.certification import Certification
from service.flows.export_work import ask_export
from service.flows.order_certificate import order_with_credits
from service.wiring import Services, open_services
from service.works import queries as works
from tests.factories.credits import give, make_user
from tests.factories.works import LYRICS, finish_work

T = TypeVar("T")

CARD = {"occasion": "mid_autumn", "recipient": "林晚晴", "sender": "知夏", "seed": 7, "format": "png"}
SPECS = {Kind.CARD: CARD, Kind.LYRICS: LYRICS}


class Stopwatch:
    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    async def time(self, name: str, act: Awaitable[T]) -> T:
        began = time.perf_counter()
        found = await act
        self.seconds[name].append(time.perf_counter() - began)
        return found

    def tell(self) -> None:
        for name, seconds in self.seconds.items():
            ordered = sorted(seconds)
            p50, worst = statistics.median(ordered), ordered[-1]
            print(f"{name:24} p50 {p50 * 1000:6.0f} ms   worst {worst * 1000:6.0f} ms   n={len(ordered)}")


def certifying(services: Services) -> Certification:
    if services.certification is None:
        raise SystemExit("there are no keys to certify with")
    return services.certification


async def certify(services: Services, work_id: UUID, owner_id: UUID) -> UUID:
    async with services.sessions.begin() as session:
        work = await works.get_work(session, work_id, owner_id=owner_id)
        certificate, _ = await order_with_credits(
            session,
            services.catalog,
            work,
            owner_id=owner_id,
            key=str(work_id),
            language="zh",
            mining=MiningChoice.NOT_ALLOWED,
            shows_work=False,
            now=services.clock(),
        )
    await certifying(services).certificates.bring_forward(certificate.id)
    return certificate.id


async def export(services: Services, work_id: UUID, owner_id: UUID, wanted: str) -> UUID:
    async with services.sessions.begin() as session:
        work = await works.get_work(session, work_id, owner_id=owner_id)
        asked = await ask_export(
            session,
            work,
            wanted=wanted,
            size="original",
            key=wanted,
            language="zh",
            agreed_to=None,
            is_labelled=True,
            now=services.clock(),
        )
    await certifying(services).exports.bring_forward(asked.id)
    return asked.id


async def measure(settings: Settings, endpoints: Endpoints, count: int) -> None:
    async with open_services(settings, endpoints) as services:
        await migrate(services.engine)
        async with services.sessions.begin() as session:
            owner_id = await make_user(session)
            await give(session, owner_id, 4 * count, now=services.clock())
        watch = Stopwatch()
        for kind, spec in SPECS.items():
            for _ in range(count):
                await walk(services, watch, owner_id, kind, await finish_work(services, owner_id, kind, spec))
        watch.tell()


async def walk(services: Services, watch: Stopwatch, owner_id: UUID, kind: Kind, work_id: UUID) -> None:
    await watch.time(f"{kind}: certificate", certify(services, work_id, owner_id))
    async with services.sessions() as session:
        formats = formats_of(await works.get_work(session, work_id, owner_id=owner_id))
    export_id = work_id
    for wanted in formats[1:]:  # the first is the certified file itself: it is there
        export_id = await watch.time(f"{kind}: {wanted}", export(services, work_id, owner_id, wanted))
    async with services.sessions() as session:
        made = await exports.get(session, export_id)
    if made.state is not WorkExportState.READY:
        raise SystemExit(f"an export failed: {made.failure}")
    papers = certifying(services).papers
    await watch.time(f"{kind}: certificate PDF", papers.print(made.certificate, "zh"))
    await watch.time(f"{kind}: bundle", papers.pack(made, "zh", name="file"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, default=12)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, BlockingEngines(Path(folder)) as endpoints:
        settings = Settings(data_dir=Path(folder), auth=AuthSettings(secret=SecretStr("x" * 40)))
        asyncio.run(measure(settings, endpoints, args.works))


if __name__ == "__main__":
    main()

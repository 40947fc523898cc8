"""Pictures alike: found from their commit on, also when two come at once, and until they are erased."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.fingerprints import cropped, reencoded
from models.certificate import Certificate
from provenance.fingerprints import fingerprint, suppose
from provenance.similar import queries
from service.verification.similar import CHILD, SimilarPictures
from service.wiring import Services
from tests.factories.certified import painted
from tests.factories.children import kill_children
from tests.factories.people import Person
from tests.factories.works import finish_work


async def certificates(services: Services, owner: Person, count: int) -> list[UUID]:
    """Certificates to come, without pictures."""
    made = []
    for number in range(count):
        work_id = await finish_work(services, owner.id)
        async with services.sessions.begin() as session:
            certificate = Certificate(
                number=f"HJ-0000-0000-000{number}",
                owner_id=owner.id,
                work_id=work_id,
                idempotency_key=f"key {number}",
                paid_with="credits",
                kind="image",
                language="zh",
                mining="notAllowed",
                next_attempt_at=services.clock(),
            )
            session.add(certificate)
            await session.flush()
            made.append(certificate.id)
    return made


@pytest.fixture
async def pictures(services: Services) -> AsyncIterator[SimilarPictures]:
    opened = SimilarPictures(services.sessions)
    yield opened
    await opened.close()


class TestSimilar:
    async def test_a_copy_is_found_from_the_commit_on_and_until_it_is_erased(
        self, services: Services, owner: Person, pictures: SimilarPictures
    ) -> None:
        (certificate_id,) = await certificates(services, owner, 1)
        copy = suppose(reencoded(cropped(painted(), 0.05, 0, 0, 0.03)))
        assert await pictures.find(copy) == []
        async with services.sessions.begin() as session:
            await queries.add(session, certificate_id, fingerprint(painted()))
            assert await pictures.find(copy) == []
        found = await pictures.find(copy)
        assert [one.certificate_id for one in found] == [certificate_id]
        assert await pictures.find(suppose(painted(9))) == []
        assert kill_children(CHILD) == 1  # the next one knows nothing, and is told
        assert [one.certificate_id for one in await pictures.find(copy)] == [certificate_id]
        async with services.sessions.begin() as session:
            await queries.forget(session, [certificate_id])
        assert await pictures.find(copy) == []

    async def test_whoever_reads_between_two_commits_misses_neither(
        self, services: Services, owner: Person, pictures: SimilarPictures
    ) -> None:
        """Without the lock, the first would draw its position before the second, and commit after it."""
        first_id, second_id = await certificates(services, owner, 2)
        async with services.sessions() as first, services.sessions() as second:
            await queries.add(first, first_id, fingerprint(painted(7)))
            racer = asyncio.create_task(_add(second, second_id))
            await asyncio.sleep(0.05)  # the racer waits for its turn, or has drawn a later position
            await pictures.find(suppose(painted(7)))
            if racer.done():
                await pictures.find(suppose(painted(8)))  # reads past the position that is still to come
            await first.commit()
            await racer
        for seed, certificate_id in ((7, first_id), (8, second_id)):
            found = await pictures.find(suppose(painted(seed)))
            assert found[0].certificate_id == certificate_id


async def _add(session: AsyncSession, certificate_id: UUID) -> None:
    await queries.add(session, certificate_id, fingerprint(painted(8)))
    await session.commit()

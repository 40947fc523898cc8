"""Figures, counted by hand on a small history, and who may see them."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from models.order import Order, OrderState
from models.referral import HelpState, LinkState
from models.risk import RiskDecision, RiskVerdict
from models.user import Role, User
from referral.figures import Counts, ReasonCount, read_figures
from service.wiring import Services
from tests.factories.credits import give, make_user
from tests.factories.people import Person, SignIn
from tests.factories.unlocks import make_help, make_link, make_reward, make_work

DAY = date(2026, 11, 3)
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


async def make_history(session: AsyncSession) -> None:
    """Two askers on one day, one of them again on the next, and a link of last month."""
    asker, other = await make_user(session), await make_user(session)
    reviewer, friend = await make_user(session), await make_user(session)
    met = await make_link(session, asker, at=NOON, views=40, state=LinkState.REWARDED, progress=4)
    maker = (await make_help(session, met, state=HelpState.REWARDED)).helper_id
    await make_help(session, met, state=HelpState.REWARDED, reviewed_by=reviewer)
    await make_help(session, met, friend, state=HelpState.DENIED, is_new=False, reason="device_shared")
    await make_reward(session, met)
    dry = await make_link(session, other, at=NOON, views=9, variant="b")
    await hold(session, (await make_help(session, dry, state=HelpState.HELD, reason="risk")).id)
    await make_help(session, dry, friend, state=HelpState.REVOKED, is_new=False, reason="fraud")
    late = await make_link(session, asker, at=NOON + timedelta(days=1), views=1)
    await make_help(session, late, maker, state=HelpState.QUALIFIED, is_new=False)  # new only once
    taken_back = await make_link(session, asker, at=NOON + timedelta(days=1))
    await make_reward(session, taken_back, revoked_at=NOON)
    old = await make_link(session, other, at=NOON - timedelta(days=30), views=500)
    await make_help(session, old, state=HelpState.QUALIFIED)
    await make_work(session, maker, at=NOON + timedelta(hours=1))
    await make_work(session, friend, at=NOON + timedelta(hours=1))  # not new: their works are not counted
    await buy(session, maker)


async def hold(session: AsyncSession, help_id: UUID) -> None:
    """Two verdicts, of which the later one holds; a rule that speaks for the helper is no reason against."""
    for number, points in enumerate(({"own_device": 100}, {"script": 70, "hurry": 30, "known_helper": -20})):
        rules = [{"code": code, "points": value, "evidence": {}} for code, value in points.items()]
        verdict = RiskVerdict(
            id=new_id(),
            created_at=NOON + timedelta(seconds=number),
            help_id=help_id,
            decision=RiskDecision.HOLD,
            score=sum(points.values()),
            is_shadow=False,
            reasons={"reasons": rules},
            weights="x",
        )
        session.add(verdict)
    await session.flush()


async def buy(session: AsyncSession, owner_id: UUID) -> None:
    lot_id = await give(session, owner_id, 10, now=NOON, unit_price_minor=120)
    order = Order(
        id=new_id(),
        owner_id=owner_id,
        idempotency_key="1",
        item="pack:small",
        credits=10,
        days=365,
        amount_minor=1200,
        currency="CNY",
        price_key="x",
        language="zh",
        base_url="http://huajian",
        channel="stripe",
        is_test=True,
        state=OrderState.PAID,
        checkout_id="cs_1",
        payment_id="pi_1",
        expires_at=NOON,
        paid_at=NOON + timedelta(hours=2),
        lot_id=lot_id,
    )
    session.add(order)
    await session.flush()


class TestCounting:
    async def test_every_figure_of_a_small_history(self, services: Services) -> None:
        async with services.sessions() as session:
            await make_history(session)
            found = await read_figures(session, first=DAY, last=DAY + timedelta(days=2))
        assert found.total == Counts(
            links=4,
            askers=2,
            views=50,
            taps=6,
            new_taps=3,
            qualified=3,
            qualified_new=2,
            held=2,
            denied=1,
            revoked=1,
            rewards=1,
            reward_credits=1,
            first_works=1,
            buyers=1,
        )
        assert found.total.k_factor == 1.0
        assert found.total.cost_per_qualified == pytest.approx(1 / 3)
        assert found.total.tap_rate == pytest.approx(0.12)
        assert found.total.held_share == pytest.approx(1 / 3)
        first, second, empty = found.days.values()
        assert (first.links, first.taps, first.qualified_new, first.buyers) == (2, 5, 2, 1)
        assert (second.links, second.taps, second.qualified_new, second.rewards) == (2, 1, 0, 0)
        assert empty == Counts()
        assert empty.k_factor is None
        assert {name: counts.links for name, counts in found.variants.items()} == {"a": 3, "b": 1}
        assert found.reasons == [
            ReasonCount("device_shared", "denied", 1),
            ReasonCount("fraud", "revoked", 1),
            ReasonCount("hurry", "held", 1),
            ReasonCount("script", "held", 1),
        ]

    async def test_a_range_without_links(self, services: Services) -> None:
        async with services.sessions() as session:
            found = await read_figures(session, first=DAY, last=DAY)
        assert (found.total, found.variants, found.reasons) == (Counts(), {}, [])


async def promote(services: Services, person: Person, role: Role) -> None:
    async with services.sessions.begin() as session:
        await session.execute(update(User).where(User.id == person.id).values(role=role))


class TestReading:
    async def test_json_and_csv_of_the_same_days(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        colleague = await sign_in()
        await promote(services, colleague, Role.FINANCE)
        async with services.sessions.begin() as session:
            await make_history(session)
        path = "/v1/referral/figures?from=2026-11-03&to=2026-11-04"
        read = (await client.get(path, headers=colleague.headers)).json()
        assert (read["from"], read["to"], read["campaign_id"]) == ("2026-11-03", "2026-11-04", None)
        assert read["total"]["views"] == 50
        assert [day["links"] for day in read["days"]] == [2, 2]
        assert read["comparison"]["p_value"] > 0.05
        assert 0 < read["variants"][0]["rewarded"]["low"] < 1 / 3 < read["variants"][0]["rewarded"]["high"]
        answer = await client.get(path, headers={**colleague.headers, "accept": "text/csv"})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [(row["day"], row["links"], row["taps"]) for row in rows] == [
            ("2026-11-03", "2", "5"),
            ("2026-11-04", "2", "1"),
        ]
        assert rows[1]["denied_share"] == "0.0000"

    async def test_only_colleagues_and_only_sane_ranges(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        assert (await client.get("/v1/referral/figures")).status_code == 401
        person = await sign_in()
        assert (await client.get("/v1/referral/figures", headers=person.headers)).status_code == 403
        await promote(services, person, Role.OPERATOR)
        for query in (
            "from=2026-11-04&to=2026-11-03",
            "from=2020-01-01&to=2026-11-03",
            "from=x",
            "to=0001-01-01",
            "to=9999-12-31",
        ):
            refused = await client.get(f"/v1/referral/figures?{query}", headers=person.headers)
            assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
        default = (await client.get("/v1/referral/figures", headers=person.headers)).json()
        assert (len(default["days"]), default["to"]) == (30, "2026-11-11")

"""Asking and helping as clients do it: who counts how much, when it counts, and who is refused."""

import base64
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text, update

from models.referral import HelpState, UnlockLink
from referral.codes import find_hash
from referral.proof_of_work import is_solved, solve
from service.flows.build_export import describe_account
from service.unlocking.views import CLOSED, NAME_FIELD, ViewBatch
from service.wiring import Services
from service.workers.referral_chores import ReferralChores
from tests.factories.asking import (
    Page,
    ask,
    available,
    become_real,
    give_help,
    look,
    open_link,
    open_page,
    press,
    prove,
    sign_in_again,
    used_this_month,
)
from tests.factories.people import Person, SignIn
from tests.fakes.clock import MovableClock


@pytest.fixture
async def owner(sign_in: SignIn) -> Person:
    return await sign_in()


@pytest.fixture
async def code(client: httpx.AsyncClient, owner: Person) -> str:
    return await open_link(client, owner, asker_name="知夏")


async def proven(services: Services, sign_in: SignIn) -> Person:
    """Somebody who was here before and has a verified address."""
    person = await sign_in()
    await prove(services, person)
    return person


STATE_OF_TABLES = """
SELECT (SELECT count(*) FROM helps), (SELECT count(*) FROM help_days), (SELECT count(*) FROM risk_signals),
       (SELECT count(*) FROM risk_sightings), (SELECT max(xmin::text::bigint) FROM unlock_links),
       (SELECT max(xmin::text::bigint) FROM unlock_link_seats), (SELECT count(*) FROM programme_months)
"""


class TestLinks:
    async def test_a_link_has_what_sharing_it_needs_and_frozen_terms(
        self, client: httpx.AsyncClient, owner: Person
    ) -> None:
        answer = await ask(client, owner, asker_name="知夏")
        link = answer.json()
        assert answer.headers["location"] == f"/v1/unlock-links/{link['code']}"
        assert (link["state"], link["goal"], link["progress"], link["missing"]) == ("open", 3, 0, 3)
        assert (link["reward_credits"], link["weights"]) == (1, {"new": 2, "existing": 1})
        assert link["url"].endswith(f"/u/{link['code']}")
        assert link["url"] in link["texts"]["zh"] and "知夏" in link["texts"]["zh"]
        assert link["url"] in link["texts"]["en"]
        assert "还差 2 位新朋友或 3 位来过的朋友助力" in link["texts"]["zh"]  # points are no people
        assert "needs 2 new friends, or 3 who have been there before." in link["texts"]["en"]
        assert link["poster_url"] == f"{link['url']}/poster.jpg"
        assert link["expires_at"] == "2026-11-14T08:00:00.000Z"

    @pytest.mark.parametrize(
        ("weight_new", "progress", "zh", "en"),
        [
            (2, 2, "还差 1 位朋友助力", "need 1 more friend."),
            (1, 0, "还差 3 位朋友助力", "need 3 more friends."),
        ],
    )
    async def test_the_words_to_share_count_friends_and_not_points(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        weight_new: int,
        progress: int,
        zh: str,
        en: str,
    ) -> None:
        await open_link(client, owner)
        async with services.sessions.begin() as session:
            await session.execute(update(UnlockLink).values(weight_new=weight_new, progress=progress))
        listed = (await client.get("/v1/unlock-links", headers=owner.headers)).json()
        texts = listed["items"][0]["texts"]
        assert zh in texts["zh"] and en in texts["en"]

    async def test_the_same_key_is_the_same_link(self, client: httpx.AsyncClient, owner: Person) -> None:
        first, again = [await ask(client, owner, key="k") for _ in range(2)]
        assert first.json() == again.json()
        assert [answer.headers["idempotency-replayed"] for answer in (first, again)] == ["false", "true"]
        other = await ask(client, owner, key="k", asker_name="别人")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")

    async def test_a_day_has_three_links_and_one_that_ended_in_vain_counts_no_longer(
        self, client: httpx.AsyncClient, services: Services, owner: Person, clock: MovableClock
    ) -> None:
        for _ in range(3):
            assert (await ask(client, owner)).status_code == 201
        refused = await ask(client, owner)
        assert (refused.status_code, refused.json()["code"]) == (429, "unlock_links_spent")
        assert refused.json()["ends_at"] == "2026-11-12T00:00:00Z"
        clock.advance(hours=73)
        assert (await ask(client, await sign_in_again(client, owner))).status_code == 201

    async def test_a_channel_that_is_off_offers_no_link_and_says_why(
        self, client: httpx.AsyncClient, owner: Person
    ) -> None:
        refused = await ask(client, owner, channel="wechat")
        assert (refused.status_code, refused.json()["code"]) == (409, "unlock_channel_off")
        assert "WeChat does not allow" in refused.json()["reason"]

    async def test_a_name_is_screened_and_a_work_must_be_ones_own(
        self, client: httpx.AsyncClient, owner: Person
    ) -> None:
        for advertisement in ("加微信 abc12345", "see t.me/x", "<b>x</b>", "a" * 21):
            refused = await ask(client, owner, asker_name=advertisement)
            assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
        refused = await ask(client, owner, asker_name="出售冰毒")
        assert (refused.status_code, refused.json()["code"]) == (403, "prompt_rejected")
        missing = await ask(client, owner, work_id=str(uuid4()))
        assert (missing.status_code, missing.json()["code"]) == (404, "work_not_found")

    async def test_owners_see_their_own_links_alone(
        self, client: httpx.AsyncClient, owner: Person, code: str, sign_in: SignIn
    ) -> None:
        mine = await client.get("/v1/unlock-links", headers=owner.headers)
        assert [link["code"] for link in mine.json()["items"]] == [code]
        stranger = await sign_in()
        assert (await client.get("/v1/unlock-links", headers=stranger.headers)).json()["items"] == []
        events = await client.get(f"/v1/unlock-links/{code}/events", headers=stranger.headers)
        assert events.status_code == 404


class TestBodies:
    async def test_a_tap_that_is_none_is_refused_as_everywhere(
        self, client: httpx.AsyncClient, code: str, sign_in: SignIn
    ) -> None:
        """Taps are answered beside the framework, and nobody can tell."""
        path, headers = f"/v1/unlock-links/{code}/helps", (await sign_in()).headers
        told = {
            (await client.post(path, headers=headers | {"content-type": kind}, content=body)).json()[
                "code"
            ]: body
            for kind, body in (
                ("application/json", b"{"),
                ("application/json", b'{"page_token": "short", "proof": "1"}'),
                ("text/plain", b"{}"),
            )
        }
        assert list(told) == ["malformed_json", "invalid_request", "unsupported_media_type"]
        long = await client.post(f"/v1/unlock-links/{'x' * 80}/helps", headers=headers, json={})
        assert (long.status_code, long.json()["errors"][0]["loc"]) == (422, ["path", "code"])
        assert (await client.get(path, headers=headers)).status_code == 405
        assert (await client.post(path, json={})).status_code == 401


class TestLooking:
    async def test_looking_changes_nothing(
        self, client: httpx.AsyncClient, services: Services, code: str
    ) -> None:
        async def state_of_tables() -> tuple[object, ...]:
            async with services.sessions() as session:
                return tuple((await session.execute(text(STATE_OF_TABLES))).one())

        before = await state_of_tables()
        for agent in ("facebookexternalhit/1.1", "WhatsApp/2.0", "Mozilla/5.0"):
            answer = await client.get(f"/v1/unlock-links/{code}", headers={"user-agent": agent})
            assert answer.status_code == 200
            assert (await client.head(f"/v1/unlock-links/{code}")).status_code in (200, 405)
        assert await state_of_tables() == before

    async def test_the_answer_is_the_same_for_codes_that_never_were_and_links_that_are_gone(
        self, client: httpx.AsyncClient, services: Services, owner: Person, code: str, clock: MovableClock
    ) -> None:
        def telling(answer: httpx.Response) -> dict[str, object]:
            return {name: value for name, value in answer.json().items() if name != "request_id"}

        unknown = await client.get("/v1/unlock-links/" + "7" * 18)
        clock.advance(days=3 + 7, hours=1)
        dead = await client.get(f"/v1/unlock-links/{code}")
        assert (unknown.status_code, dead.status_code) == (404, 404)
        assert telling(unknown) == telling(dead)

    async def test_a_code_can_be_read_aloud(self, client: httpx.AsyncClient, code: str) -> None:
        said = code.upper().replace("0", "O").replace("1", "I")
        assert (await look(client, said))["goal"] == 3

    async def test_guessing_codes_is_slowed_down(
        self, client: httpx.AsyncClient, services: Services, code: str
    ) -> None:
        limit = services.settings.referral.wrong_codes_per_address_hour
        wrong = [f"{number:018d}" for number in range(limit + 1)]
        statuses = [(await client.get(f"/v1/unlock-links/{guess}")).status_code for guess in wrong]
        assert statuses == [404] * limit + [429]
        assert (await client.get(f"/v1/unlock-links/{code}")).status_code == 200

    async def test_views_are_counted_once_for_each_page_and_written_down_once(
        self, client: httpx.AsyncClient, services: Services, code: str
    ) -> None:
        pages = [await open_page(client, code) for _ in range(3)]
        for page in [*pages, pages[0]]:
            answer = await client.post(f"/v1/unlock-links/{code}/views", json={"page_token": page.token})
            assert answer.status_code == 204
        forged = await client.post(f"/v1/unlock-links/{code}/views", json={"page_token": "A" * 47})
        assert forged.status_code == 422
        batch = await services.unlocking.views.close_batch()
        chores = ReferralChores(services)
        await chores.write_views()
        assert batch is not None
        async with services.sessions() as session:
            assert await session.scalar(text("SELECT views FROM unlock_links")) == 3
        # A keeper died after writing and before forgetting: the same batch comes again, and adds nothing.
        await _close_again(services, batch)
        await chores.write_views()
        async with services.sessions() as session:
            assert await session.scalar(text("SELECT views FROM unlock_links")) == 3


async def _close_again(services: Services, batch: ViewBatch) -> None:
    """Put a batch back that was written down already."""
    for code_hash, count in batch.counts.items():
        await services.redis.hset(CLOSED, base64.b64encode(code_hash).decode(), str(count))
    await services.redis.hset(CLOSED, NAME_FIELD, str(batch.id))


class TestHelping:
    async def test_a_new_friend_and_an_old_one_bring_the_reward(
        self, client: httpx.AsyncClient, services: Services, owner: Person, code: str, sign_in: SignIn
    ) -> None:
        before = await available(services, owner.id)
        old = await proven(services, sign_in)
        given = await give_help(client, code, old)
        assert (given["state"], given["weight"], given["missing"]) == ("qualified", 1, 2)
        page = await open_page(client, code)
        new = await sign_in()  # after they saw the page
        answer = await press(client, page, new)
        assert (answer.json()["state"], answer.json()["weight"]) == ("pending", 2)
        assert await available(services, owner.id) == before
        await become_real(client, services, new)
        assert await ReferralChores(services).count_helps() is False
        assert await available(services, owner.id) == before + 1
        again = await press(client, page, new)
        assert (again.status_code, again.json()["state"]) == (200, "rewarded")
        assert (await look(client, code))["state"] == "rewarded"

    async def test_an_old_friend_without_proof_waits_for_it(
        self, client: httpx.AsyncClient, services: Services, code: str, sign_in: SignIn
    ) -> None:
        unproven = await sign_in()
        given = await give_help(client, code, unproven)
        assert (given["state"], given["weight"], given["progress"]) == ("pending", 1, 0)

    async def test_an_account_made_after_the_page_on_a_known_device_is_not_new(
        self, client: httpx.AsyncClient, code: str, sign_in: SignIn
    ) -> None:
        await sign_in(device_id="0123456789abcdef-tablet")
        page = await open_page(client, code)
        answer = await client.post(
            "/v1/auth/register", json={"email": "second@example.org", "password": "a long password"}
        )
        second = Person(UUID(answer.json()["user"]["id"]), answer.json()["access_token"], "")
        nameless = await press(client, page, second)
        assert (nameless.status_code, nameless.json()["code"]) == (400, "device_required")
        given = await press(client, page, second, device_id="0123456789abcdef-tablet")
        assert given.json()["weight"] == 1

    async def test_leaving_and_coming_back_on_the_same_device_makes_nobody_new_again(
        self, client: httpx.AsyncClient, code: str, sign_in: SignIn
    ) -> None:
        second_code = await open_link(client, await sign_in())
        weights = []
        for asked in (code, second_code):
            page = await open_page(client, asked)
            guest = await sign_in(device_id="0123456789abcdef-again")
            weights.append((await press(client, page, guest)).json()["weight"])
            assert (await client.delete("/v1/me", headers=guest.headers)).status_code == 204
        assert weights == [2, 1]

    async def test_leaving_makes_nobody_a_second_friend_with_the_same_mailbox(
        self, client: httpx.AsyncClient, services: Services, owner: Person, code: str, sign_in: SignIn
    ) -> None:
        """Nobody else can prove a mailbox while its account is there; closing it sets it free."""
        before = await available(services, owner.id)
        for address in ("me@gmail.com", "M.e+again@googlemail.com"):
            page = await open_page(client, code)
            guest = await sign_in()
            assert (await press(client, page, guest)).json()["weight"] == 2
            await become_real(client, services, guest, address=address)
            await ReferralChores(services).count_helps()
            assert (await client.delete("/v1/me", headers=guest.headers)).status_code == 204
        assert await available(services, owner.id) == before
        assert (await look(client, code))["state"] == "open"
        async with services.sessions() as session:
            known = "SELECT count(DISTINCT mailbox_hash) FROM risk_signals"
            assert await session.scalar(text(known)) == 1

    async def test_nobody_helps_themselves(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        owner = await sign_in(device_id="0123456789abcdef-phone")
        code = await open_link(client, owner)
        page = await open_page(client, code)
        assert (await press(client, page, owner)).json()["code"] == "own_help"
        answer = await client.post(
            "/v1/auth/register", json={"email": "other@example.org", "password": "a long password"}
        )
        second = Person(UUID(answer.json()["user"]["id"]), answer.json()["access_token"], "")
        on_phone = await press(client, page, second, device_id="0123456789abcdef-phone")
        assert (on_phone.status_code, on_phone.json()["code"]) == (409, "own_help")

    async def test_accounts_that_share_a_mailbox_or_a_card_do_not_help_each_other(
        self, client: httpx.AsyncClient, services: Services, owner: Person, code: str, sign_in: SignIn
    ) -> None:
        same_mailbox, same_card = await sign_in(), await sign_in()
        for person in (owner, same_mailbox):
            await client.post("/v1/auth/contact", json={"email": "Us+1@Example.org"}, headers=person.headers)
        async with services.sessions.begin() as session:
            for person in (owner, same_card):
                await session.execute(
                    text("INSERT INTO payment_marks (user_id, digest) VALUES (:id, 'card')"),
                    {"id": person.id},
                )
        for person in (same_mailbox, same_card):
            answer = await press(client, await open_page(client, code), person)
            assert (answer.status_code, answer.json()["code"]) == (409, "own_help")

    async def test_one_device_helps_a_link_once(
        self, client: httpx.AsyncClient, services: Services, code: str, sign_in: SignIn
    ) -> None:
        first, second = await sign_in(), await sign_in()
        device = "0123456789abcdef-shared"
        await give_help(client, code, first, device_id=device)
        answer = await press(client, await open_page(client, code), second, device_id=device)
        assert (answer.status_code, answer.json()["code"]) == (409, "device_has_helped")

    async def test_a_person_helps_five_times_a_day(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn, clock: MovableClock
    ) -> None:
        codes = [await open_link(client, await sign_in()) for _ in range(6)]
        helper = await sign_in()
        for code in codes[:5]:
            await give_help(client, code, helper)
        refused = await press(client, await open_page(client, codes[5]), helper)
        assert (refused.status_code, refused.json()["code"]) == (429, "helps_spent")
        clock.advance(hours=17)
        assert (await give_help(client, codes[5], await sign_in_again(client, helper)))["state"]


class TestPages:
    async def test_a_token_is_good_for_one_help_of_its_own_link(
        self, client: httpx.AsyncClient, services: Services, code: str, sign_in: SignIn
    ) -> None:
        page = await open_page(client, code)
        other = await open_link(client, await sign_in())
        first, second = await sign_in(), await sign_in()
        elsewhere = await press(client, Page(other, page.token, page.proof), first)
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "page_token_invalid")
        assert (await press(client, page, first)).status_code == 201
        assert (await press(client, page, first)).status_code == 200
        copied = await press(client, page, second)
        assert (copied.status_code, copied.json()["code"]) == (409, "page_token_spent")

    async def test_forged_damaged_and_unproved_tokens_are_refused(
        self, client: httpx.AsyncClient, code: str, sign_in: SignIn
    ) -> None:
        helper, page = await sign_in(), await open_page(client, code)
        flipped = page.token[:-4] + ("A" if page.token[-4] != "A" else "B") + page.token[-3:]
        easier = page.token[:24] + ("A" if page.token[24] != "A" else "B") + page.token[25:]
        for token in (flipped, easier, "A" * len(page.token)):
            answer = await press(client, Page(code, token, page.proof), helper)
            assert answer.json()["code"] in ("page_token_invalid", "proof_invalid"), answer.text
            assert answer.status_code == 422
        view = await look(client, code)
        salt, bits = view["challenge"]["salt"], view["challenge"]["difficulty_bits"]
        wrong = next(str(number) for number in range(1000) if not is_solved(salt, str(number), bits))
        unproved = await press(client, Page(code, view["page_token"], wrong), helper)
        assert (unproved.status_code, unproved.json()["code"]) == (422, "proof_invalid")

    async def test_a_page_that_was_open_too_long_needs_another_look(
        self, client: httpx.AsyncClient, services: Services, code: str, sign_in: SignIn
    ) -> None:
        helper, code_hash = await sign_in(), find_hash(services.keys, code)
        assert code_hash is not None
        token, read = services.unlocking.desk.pages.issue(
            code_hash, now=datetime.now(UTC) - services.unlocking.desk.pages.lifetime
        )
        old = Page(code, token, solve(read.salt, read.difficulty_bits))
        answer = await press(client, old, helper)
        assert (answer.status_code, answer.json()["code"]) == (409, "page_token_expired")


class TestEnds:
    async def test_a_met_link_takes_no_more_help_and_what_waited_lapses(
        self, client: httpx.AsyncClient, services: Services, owner: Person, code: str, sign_in: SignIn
    ) -> None:
        waiting, late = await sign_in(), await sign_in()
        waiting_page, late_page = await open_page(client, code), await open_page(client, code)
        await press(client, waiting_page, waiting)
        for _ in range(3):
            await give_help(client, code, await proven(services, sign_in))
        refused = await press(client, late_page, late)
        assert (refused.status_code, refused.json()["state"]) == (409, "rewarded")
        assert (await press(client, waiting_page, waiting)).json()["state"] == "lapsed"
        assert (await look(client, code))["page_token"] is None
        assert await available(services, owner.id) == 4

    async def test_an_expired_link_gives_its_budget_back(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        code: str,
        sign_in: SignIn,
        clock: MovableClock,
    ) -> None:
        await give_help(client, code, await proven(services, sign_in))
        assert await used_this_month(services) == 1
        clock.advance(hours=73)
        await ReferralChores(services).expire_links()
        assert await used_this_month(services) == 0
        assert (await look(client, code))["state"] == "expired"
        assert await available(services, owner.id) == 3

    async def test_what_qualified_in_time_counts_even_when_the_keeper_was_away(
        self,
        client: httpx.AsyncClient,
        services: Services,
        owner: Person,
        code: str,
        sign_in: SignIn,
        clock: MovableClock,
    ) -> None:
        friends = [await sign_in() for _ in range(3)]
        for friend in friends:
            await give_help(client, code, friend)
        for friend in friends:
            await become_real(client, services, friend)
        clock.advance(hours=100)
        await ReferralChores(services).expire_links()
        assert await available(services, owner.id) == 4

    async def test_what_qualifies_too_late_lapses(
        self, client: httpx.AsyncClient, services: Services, code: str, sign_in: SignIn, clock: MovableClock
    ) -> None:
        friend = await sign_in()
        await give_help(client, code, friend)
        clock.advance(hours=73)
        friend = await sign_in_again(client, friend)
        await become_real(client, services, friend)
        await ReferralChores(services).count_helps()
        async with services.sessions() as session:
            assert await session.scalar(text("SELECT state FROM helps")) == HelpState.LAPSED

    async def test_somebody_who_proved_real_in_the_moment_of_the_tap_is_found_by_the_keeper(
        self, client: httpx.AsyncClient, services: Services, code: str, sign_in: SignIn
    ) -> None:
        friend = await sign_in()
        await give_help(client, code, friend)
        await prove(services, friend)  # as the other transaction did, which saw no help yet
        await ReferralChores(services).qualify_proven()
        await ReferralChores(services).count_helps()
        assert (await look(client, code))["progress"] == 1

    async def test_a_copy_of_ones_data_has_links_and_helps_and_nobody_elses_name(
        self, client: httpx.AsyncClient, services: Services, owner: Person, code: str, sign_in: SignIn
    ) -> None:
        friend = await sign_in()
        await give_help(client, code, friend)
        async with services.sessions() as session:
            mine = await describe_account(session, owner.id)
            theirs = await describe_account(session, friend.id)
        assert [link["asker_name"] for link in mine["unlock_links"]] == ["知夏"]
        (given,) = theirs["helps_given"]
        assert (given["weight"], given["helper_id"]) == (1, friend.id)
        assert str(owner.id) not in str(given)
        for told in (mine, theirs):
            assert not {"code_hash", "device_key", "page_nonce"} & set(str(told).replace("'", " ").split())

    async def test_closing_the_account_ends_the_link_for_everybody(
        self, client: httpx.AsyncClient, services: Services, owner: Person, code: str, sign_in: SignIn
    ) -> None:
        page = await open_page(client, code)
        assert (await client.delete("/v1/me", headers=owner.headers)).status_code == 204
        assert (await client.get(f"/v1/unlock-links/{code}")).status_code == 404
        assert (await press(client, page, await sign_in())).status_code == 404
        async with services.sessions() as session:
            assert await session.scalar(text("SELECT asker_name FROM unlock_links")) is None

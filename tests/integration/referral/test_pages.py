"""The page of a link as a browser or a crawler gets it, and the pictures beside it."""

import asyncio
import io
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text, update

from core.settings import Settings
from models.campaign import ShareChannel
from models.referral import LinkState, UnlockLink
from models.work import Work
from provenance.containers.files import read_label
from referral.codes import code_of
from service.flows.close_account import close_account
from service.flows.erase_account import erase_account
from service.limits.limiter import Policy
from service.posters import shelf
from service.posters.subjects import Shape, key_of
from service.wiring import Services
from service.workers.poster_chores import PosterChores
from tests.factories.credits import make_user
from tests.factories.unlocks import add_picture, make_link, make_work
from tests.fakes.clock import MovableClock
from tests.integration.test_pages import Markup, read

TABLES = ("unlock_links", "helps", "help_days", "unlock_link_seats", "users", "risk_signals")


async def open_link(services: Services, *, with_work: bool = False, **options: Any) -> tuple[UnlockLink, str]:
    """Somebody's link, and its code."""
    async with services.sessions.begin() as session:
        owner_id = await make_user(session)
        if with_work:
            work = await make_work(session, owner_id, at=services.clock())
            content = io.BytesIO()
            Image.fromarray(np.full((1440, 1080, 3), (24, 90, 160), np.uint8)).save(content, "PNG")
            await services.store.put(f"works/{work.id}.png", content.getvalue(), media_type="image/png")
            await add_picture(session, work, content.getvalue(), f"works/{work.id}.png")
            options["work_id"] = work.id
        at = options.pop("at", services.clock())
        link = await make_link(session, owner_id, at=at, keys=services.keys, **options)
    return link, code_of(services.keys, link.id)


def properties(markup: Markup) -> dict[str, str]:
    return {
        str(found["property"]): str(found["content"])
        for tag, found in markup.elements
        if tag == "meta" and "property" in found
    }


class TestPage:
    async def test_it_shows_who_asks_how_far_it_is_and_one_button(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        _, code = await open_link(services, asker_name="知夏", progress=2)
        answer = await read(client, f"/u/{code}", **{"accept-language": "zh"})
        markup = Markup(answer.text)
        assert "知夏请你搭把手" in answer.text
        assert "还差 1 位" in answer.text
        buttons = [found for tag, found in markup.elements if tag == "button"]
        assert [button["id"] for button in buttons] == ["ask-press"]
        english = await read(client, f"/u/{code}?lang=en")
        assert "知夏 asks you for a hand" in english.text
        assert "1 friend to go" in english.text

    async def test_names_are_only_ever_text(self, client: httpx.AsyncClient, services: Services) -> None:
        _, code = await open_link(services, asker_name="<b>“x”</b>{n}")
        page = (await read(client, f"/u/{code}")).text
        assert "<b>" not in page
        assert "&lt;b&gt;" in page

    async def test_a_mixed_remainder_says_what_each_friend_is_worth(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        _, code = await open_link(services)
        assert "还差 2 位新朋友，或 3 位来过的" in (await read(client, f"/u/{code}?lang=zh")).text
        _, nearer = await open_link(services, progress=1)
        english = await read(client, f"/u/{nearer}?lang=en")
        assert "1 new friend to go, or 2 who have been here" in english.text

    @pytest.mark.parametrize(
        ("state", "says"), [(LinkState.REWARDED, "这一笔补上了"), (LinkState.EXPIRED, "来晚了一步")]
    )
    async def test_an_ended_link_says_so_and_asks_for_nothing(
        self, client: httpx.AsyncClient, services: Services, state: LinkState, says: str
    ) -> None:
        progress = 3 if state is LinkState.REWARDED else 1
        _, code = await open_link(services, state=state, progress=progress)
        page = (await read(client, f"/u/{code}?lang=zh")).text
        assert says in page
        assert "ask-press" not in page

    async def test_time_that_has_run_out_is_said_before_the_keeper_comes(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        _, code = await open_link(services, at=services.clock() - timedelta(hours=73))
        assert "来晚了一步" in (await read(client, f"/u/{code}?lang=zh")).text

    async def test_unknown_dead_and_withdrawn_links_are_the_same_page(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        _, dead = await open_link(services, at=services.clock() - timedelta(days=60))
        _, revoked = await open_link(services, state=LinkState.REVOKED, progress=3)
        pages = set()
        for code in ("0" * 18, "x", dead, revoked):
            answer = await client.get(f"/u/{code}?lang=zh")
            assert answer.status_code == 404
            pages.add(answer.text.replace(f"/u/{code}", "/u/CODE"))
        assert len(pages) == 1
        assert (await client.get(f"/u/{'0' * 41}")).status_code == 422

    async def test_a_work_is_shown_by_a_signed_link_and_its_title(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        _, code = await open_link(services, with_work=True)
        page = await read(client, f"/u/{code}?lang=zh")
        (picture,) = [found for tag, found in Markup(page.text).elements if tag == "img"]
        assert picture["alt"] == "Ta 做的《中秋快乐》"
        assert (await client.get(str(picture["src"]))).headers["content-type"] == "image/png"

    async def test_a_phone_gets_the_small_copy_of_the_work(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        link, code = await open_link(services, with_work=True)
        await services.store.put("works/small.png", b"small", media_type="image/png")
        async with services.sessions.begin() as session:
            work = await session.get_one(Work, link.work_id)
            await add_picture(session, work, b"small", "works/small.png", role="thumbnail")
        page = await read(client, f"/u/{code}?lang=zh")
        (source,) = [found for tag, found in Markup(page.text).elements if tag == "source"]
        assert (await client.get(str(source["srcset"]))).content == b"small"

    async def test_a_song_is_shown_by_its_first_lines_and_its_label(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        async with services.sessions.begin() as session:
            owner_id = await make_user(session)
            song = await make_work(session, owner_id, at=services.clock())
            song.kind, song.title = "lyrics", "雨夜归家"
            song.text = "雨夜归家\n\n[主歌]\n路灯把雨丝缝进衣裳\n我数着脚步走过长廊\n\n算法生成"
            link = await make_link(
                session, owner_id, at=services.clock(), keys=services.keys, work_id=song.id
            )
        page = (await read(client, f"/u/{code_of(services.keys, link.id)}")).text
        for shown in ("雨夜归家", "路灯把雨丝缝进衣裳", '<p class="ask-verses-label">算法生成</p>'):
            assert shown in page
        assert "[主歌]" not in page
        assert page.count("算法生成") == 1

    async def test_a_channel_that_is_off_says_why_and_asks_for_nothing(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        link, code = await open_link(services, asker_name="知夏")
        async with services.sessions.begin() as session:
            await session.execute(
                update(UnlockLink).where(UnlockLink.id == link.id).values(channel=ShareChannel.WECHAT)
            )
        page = (await read(client, f"/u/{code}?lang=zh")).text
        assert "微信不允许以奖励引导分享" in page
        for prompt in ("ask-press", "ask-progress", "就差你这一笔", "og:image"):
            assert prompt not in page

    async def test_somebody_elses_work_is_never_shown(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        other, _ = await open_link(services, with_work=True)
        _, code = await open_link(services, work_id=other.work_id)
        assert "<img" not in (await read(client, f"/u/{code}")).text


class TestCrawlers:
    async def test_previews_have_everything_and_leave_nothing(
        self, client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shelf, "CHILD", "tests.fakes.poster_painter")
        _, code = await open_link(services, asker_name="知夏")
        before = await rows(services)
        for agent in ("facebookexternalhit/1.1", "Twitterbot/1.0", "WhatsApp/2.23", "Mozilla/5.0 Chrome/131"):
            page = await read(client, f"/u/{code}", **{"user-agent": agent, "accept-language": "zh"})
            found = properties(Markup(page.text))
            assert found["og:title"] == "知夏请你搭把手"
            assert found["og:url"] == f"http://huajian/u/{code}"
            assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
            image = await client.get(found["og:image"])
            assert (image.status_code, image.headers["content-type"]) == (200, "image/jpeg")
            assert (await client.head(f"/u/{code}")).status_code == 200
            assert "set-cookie" not in page.headers
        assert await rows(services) == before

    async def test_who_names_no_language_of_ours_sees_the_askers(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        _, code = await open_link(services, asker_name="知夏")
        for languages in ({}, {"accept-language": "*"}, {"accept-language": "fr"}):
            page = await read(client, f"/u/{code}", **languages)
            found = properties(Markup(page.text))
            assert found["og:title"] == "知夏请你搭把手"
            assert found["og:image"].endswith("?lang=zh")
            assert 'href="/u/' + code + '?lang=en"' in page.text
        english = await read(client, f"/u/{code}", **{"accept-language": "en"})
        assert properties(Markup(english.text))["og:title"] == "知夏 asks you for a hand"

    async def test_pages_are_not_to_be_indexed(self, client: httpx.AsyncClient, services: Services) -> None:
        _, code = await open_link(services)
        assert '<meta name="robots" content="noindex">' in (await read(client, f"/u/{code}")).text


async def rows(services: Services) -> dict[str, str]:
    """Every row that looking might have changed."""
    async with services.sessions() as session:
        return {
            table: str((await session.execute(text(f"SELECT t::text FROM {table} t ORDER BY 1"))).all())  # noqa: S608 - a constant
            for table in TABLES
        }


class TestPictures:
    async def test_a_poster_is_drawn_apart_labelled_and_kept(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        """The one test that draws for real, with a work and all."""
        link, code = await open_link(services, with_work=True, asker_name="知夏")
        first = await client.get(f"/u/{code}/poster.jpg?lang=zh")
        assert first.headers["content-type"] == "image/jpeg"
        assert first.headers["cache-control"] == "public, max-age=3600"
        picture = Image.open(io.BytesIO(first.content))
        assert picture.size == (1080, 1440)
        assert picture.convert("RGB").getpixel((540, 500)) == pytest.approx((24, 90, 160), abs=6)
        label = read_label(first.content, "image/jpeg")
        assert label is not None
        assert label.produce_id == f"{link.id}-poster-zh"
        services.posters._environment["PATH"] = "/nowhere"  # what is kept needs nobody to draw it
        assert (await client.get(f"/u/{code}/poster.jpg?lang=zh")).content == first.content

    async def test_each_language_and_shape_has_its_own(
        self, client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shelf, "CHILD", "tests.fakes.poster_painter")
        _, code = await open_link(services, asker_name="Maya")
        told = [
            (await client.get(f"/u/{code}/{shape}.jpg?lang={language}")).json()
            for shape in ("poster", "og")
            for language in ("zh", "en")
        ]
        assert [(one["shape"], one["words"]["asker"]) for one in told] == [
            ("poster", "Maya请你搭把手"),
            ("poster", "Maya asks you for a hand"),
            ("og", "Maya请你搭把手"),
            ("og", "Maya asks you for a hand"),
        ]
        assert {one["url"] for one in told} == {f"http://huajian/u/{code}"}
        assert told[0]["words"]["label"] == "算法生成"

    async def test_without_a_link_nothing_is_drawn(self, client: httpx.AsyncClient) -> None:
        refused = await client.get(f"/u/{'0' * 18}/poster.jpg")
        assert (refused.status_code, refused.json()["code"]) == (404, "unlock_link_not_found")

    async def test_a_painter_that_dies_is_a_refusal_and_not_kept(
        self, client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shelf, "CHILD", "tests.fakes.no_such_module")
        _, code = await open_link(services)
        refused = await client.get(f"/u/{code}/og.jpg")
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        monkeypatch.setattr(shelf, "CHILD", "tests.fakes.poster_painter")
        assert (await client.get(f"/u/{code}/og.jpg")).status_code == 200

    async def test_one_network_may_have_so_many_drawn(
        self, client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shelf, "CHILD", "tests.fakes.poster_painter")
        monkeypatch.setattr("service.pages.unlocking.DRAWN", Policy("poster", 1, 3600))
        _, code = await open_link(services)
        assert (await client.get(f"/u/{code}/og.jpg?lang=zh")).status_code == 200
        assert (await client.get(f"/u/{code}/og.jpg?lang=en")).status_code == 429
        assert (await client.get(f"/u/{code}/og.jpg?lang=zh")).status_code == 200


class TestWithoutAnAddress:
    """Where none is configured, a picture has the one that it was asked at: for whoever asked alone."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"public_url": None})

    async def test_nobody_leads_others_astray_by_the_host_they_ask_at(
        self, client: httpx.AsyncClient, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shelf, "CHILD", "tests.fakes.poster_painter")
        _, code = await open_link(services)
        path = f"/u/{code}/poster.jpg?lang=zh"
        evil, honest = await asyncio.gather(
            client.get(path, headers={"host": "evil.example"}), client.get(path)
        )
        assert evil.json()["url"] == f"http://evil.example/u/{code}"
        assert honest.json()["url"] == f"http://huajian/u/{code}"
        assert (await client.get(path)).json()["url"] == f"http://huajian/u/{code}"


class TestForgetting:
    async def test_pictures_go_with_their_link_and_with_their_owner(
        self,
        client: httpx.AsyncClient,
        services: Services,
        clock: MovableClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(shelf, "CHILD", "tests.fakes.poster_painter")
        over, over_code = await open_link(services)
        left, left_code = await open_link(services)
        young, young_code = await open_link(services, at=services.clock() + timedelta(days=5))
        for code in (over_code, left_code, young_code):
            assert (await client.get(f"/u/{code}/og.jpg?lang=zh")).status_code == 200
        for link in (over, left):  # what an earlier release drew
            key = key_of(link.id, Shape.POSTER, "en", revision=1)
            await services.store.put(key, b"jpeg", media_type="image/jpeg")
        async with services.sessions.begin() as session:
            await close_account(session, services.risk, left.owner_id, now=services.clock())
        assert await erase_account(services.sessions, services.store, left.owner_id, now=services.clock())
        assert [await is_kept(services, link) for link in (over, left, young)] == [True, False, True]
        clock.advance(days=3 + 7, hours=1)
        await PosterChores(services).forget_posters()
        assert [await is_kept(services, link) for link in (over, left, young)] == [False, False, True]
        for link in (over, left):
            assert not await is_stored(services, key_of(link.id, Shape.POSTER, "en", revision=1))


async def is_kept(services: Services, link: UnlockLink) -> bool:
    return await is_stored(services, key_of(link.id, Shape.PREVIEW, "zh"))


async def is_stored(services: Services, key: str) -> bool:
    try:
        return bool([chunk async for chunk in services.store.read(key)])
    except FileNotFoundError:
        return False

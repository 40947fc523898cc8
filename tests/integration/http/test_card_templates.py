"""Templates as a client sees them: listed in two languages, and refused where they do not fit."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from core.settings import Settings
from generators.backends.studio.card.templates.shelf import TemplateError, load_templates
from service.engines.endpoints import Endpoints
from service.wiring import open_services
from tests.factories.people import CARD, SignIn, create
from tests.factories.photos import sent


def card(**changes: Any) -> dict[str, Any]:
    return {"kind": "card", "spec": {**CARD["spec"], **changes}}


class TestList:
    async def test_every_template_is_named_in_the_readers_language(self, client: httpx.AsyncClient) -> None:
        answers = {
            language: (await client.get("/v1/templates", headers={"accept-language": language})).json()
            for language in ("zh", "en")
        }
        for language, answer in answers.items():
            listed = {one["id"]: one["name"] for one in answer["card_templates"]}
            assert listed == {
                name: template.names.of(language) for name, template in load_templates().items()
            }
        facts = {one["id"]: one for one in answers["en"]["card_templates"]}
        assert facts["polaroids"]["needs_photo"]
        assert "condolence" not in facts["polaroids"]["occasions"]
        assert facts["keepsake"]["styles"] == ["ink", "silk", "lantern", "plum"]


class TestAdmission:
    async def test_a_template_that_fits_is_taken(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        person = await sign_in(credits=3)
        assert (await create(client, person, card(template="scroll"))).status_code == 202
        photo = await sent(client, person)
        both = card(template="polaroids", photo_id=photo["id"])
        assert (await create(client, person, both)).status_code == 202

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"template": "no_such_template"}, "no such template"),
            ({"template": "polaroids"}, "needs a photo"),
            ({"template": "scroll", "photo_id": str(uuid4())}, "no place for a photo"),
            ({"template": "moonlight", "occasion": "condolence"}, "not made for condolence"),
        ],
    )
    async def test_one_that_does_not_is_refused_and_costs_nothing(
        self, client: httpx.AsyncClient, sign_in: SignIn, changes: dict[str, Any], why: str
    ) -> None:
        person = await sign_in(credits=1)
        before = (await client.get("/v1/credits", headers=person.headers)).json()["available"]
        answer = await create(client, person, card(**changes))
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_spec")
        (error,) = answer.json()["errors"]
        assert error["loc"] == ["card", "spec", "template"]
        assert why in error["msg"]
        assert (await client.get("/v1/credits", headers=person.headers)).json()["available"] == before

    @pytest.mark.parametrize("name", ["../etc/passwd", "Scroll", "", "x", "a" * 41, "scr oll", 7])
    async def test_a_name_that_cannot_be_one_is_an_invalid_spec(
        self, client: httpx.AsyncClient, sign_in: SignIn, name: object
    ) -> None:
        answer = await create(client, await sign_in(), card(template=name))
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_spec")


class TestStart:
    async def test_a_bad_template_stops_the_start(self, settings: Settings, endpoints: Endpoints) -> None:
        folder = settings.data_dir / "templates"
        folder.mkdir()
        (folder / "mine.toml").write_text('id = "mine"\n')
        changed = settings.model_copy(update={"templates_dir": folder})
        with pytest.raises(TemplateError, match=r"mine\.toml: names: Field required"):
            async with open_services(changed, endpoints):
                pass

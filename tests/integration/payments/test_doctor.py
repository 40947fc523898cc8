"""What `huajian doctor` says of selling."""

from billing.catalog import load_catalog
from billing.stripe_catalog import synchronise
from billing.stripe_gateway import StripeGateway
from core.settings import Settings
from service.main.doctor.findings import Verdict
from service.main.doctor.payments import examine_payments
from service.rehearsal.server import Rehearsal
from tests.fakes.stripe_server.keys import API_KEY, settings_for


async def verdicts(settings: Settings) -> list[tuple[Verdict, str, str | None]]:
    found = await examine_payments(settings, load_catalog())
    return [(finding.verdict, finding.says, finding.advice) for finding in found]


class TestPayments:
    async def test_a_missing_key_says_so_plainly(self) -> None:
        ((verdict, says, advice),) = await verdicts(Settings())
        assert (verdict, says) == (Verdict.NOTE, "nothing is for sale")
        assert advice is not None
        assert "HUAJIAN_STRIPE__SECRET_KEY" in advice
        ((verdict, says, _),) = await verdicts(Settings(test_payments=True))
        assert (verdict, says.partition(",")[0]) == (Verdict.NOTE, "pretended money")

    async def test_prices_that_are_not_on_sale_are_counted_until_they_are(self, rehearsal: Rehearsal) -> None:
        settings = Settings(stripe=settings_for(rehearsal.url))
        mode, shelf = await verdicts(settings)
        assert (mode[0], shelf) == (
            Verdict.NOTE,
            (Verdict.BROKEN, "57 prices and coupons are not at Stripe", "huajian stripe sync"),
        )
        gateway = StripeGateway(settings_for(rehearsal.url))
        await synchronise(gateway, load_catalog())
        await gateway.close()
        assert (await verdicts(settings))[1] == (Verdict.OK, "16 items on sale in CNY, USD, EUR", None)

    async def test_a_server_that_does_not_answer_is_named_without_the_key(self) -> None:
        lonely = settings_for("http://127.0.0.1:9").model_copy(update={"timeout_seconds": 1.0})
        _, shelf = await verdicts(Settings(stripe=lonely))
        assert shelf[0] is Verdict.BROKEN
        assert API_KEY not in f"{shelf}"

"""Who takes money here, and whether everything that is for sale can be bought."""

from billing.catalog import Catalog
from billing.payments import PaymentsAwayError
from billing.stripe_catalog import list_coupons, list_products
from billing.stripe_gateway import StripeGateway, is_live
from core.settings import Settings, StripeSettings
from service.main.doctor.findings import Finding, broken, note, ok

KEYS = "HUAJIAN_STRIPE__SECRET_KEY and HUAJIAN_STRIPE__WEBHOOK_SECRET"


async def examine_payments(settings: Settings, catalog: Catalog) -> list[Finding]:
    """Asks Stripe only where a key is configured, and changes nothing there."""
    if settings.stripe is not None:
        return [_mode(settings.stripe), await _examine_shelf(settings.stripe, catalog)]
    if settings.test_payments:
        return [note("Payments", "pretended money, on a page of our own", f"for real money: {KEYS}")]
    return [note("Payments", "nothing is for sale", KEYS)]


def _mode(settings: StripeSettings) -> Finding:
    if is_live(settings.secret_key.get_secret_value()):
        return ok("Payments", "Stripe, real money")
    return note("Payments", "Stripe in test mode: no real money", "a live key of your own (rk_live_…)")


async def _examine_shelf(settings: StripeSettings, catalog: Catalog) -> Finding:
    gateway = StripeGateway(settings)
    try:
        products = list(list_products(catalog))
        missing = [
            key
            for product in products
            for key in product.price_keys().values()
            if await gateway.find_price(key) is None
        ]
        missing += [
            coupon["id"]
            for coupon in list_coupons(catalog)
            if await gateway.find_coupon(coupon["id"]) is None
        ]
    except PaymentsAwayError as error:
        return broken("Prices", f"Stripe refused: {error.reason}", "check the key and the network")
    finally:
        await gateway.close()
    if missing:
        return broken("Prices", f"{len(missing)} prices and coupons are not at Stripe", "huajian stripe sync")
    return ok("Prices", f"{len(products)} items on sale in {', '.join(catalog.sale.currencies)}")

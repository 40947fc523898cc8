"""The secrets that the fake and its gateway share."""

from typing import Final

from pydantic import SecretStr

from core.settings import StripeSettings

API_KEY: Final = "sk_test_rehearsal"
WEBHOOK_SECRET: Final = "whsec_rehearsal"


def settings_for(url: str) -> StripeSettings:
    return StripeSettings(
        secret_key=SecretStr(API_KEY), webhook_secret=SecretStr(WEBHOOK_SECRET), api_url=url
    )

"""What tests of links and helps start from."""

import pytest

from core.settings import ReferralSettings, Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Cheap proofs: what a proof is worth is tried in the unit tests. The address that clients ask at."""
    generous = ReferralSettings(
        proof_bits=4,
        helps_per_user_minute=10_000,
        links_per_user_hour=10_000,
        views_per_address_minute=100_000,
    )
    return settings.model_copy(update={"referral": generous, "public_url": "http://huajian"})

"""Signatures as Standard Webhooks make them, secrets under seal, patience, and words for every failure."""

import base64
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from core.keys import Keys
from models.webhook import EndpointReason
from service.http.webhook_schemas import TEXTS
from service.outbox.patience import PATIENCE, next_attempt
from service.outbox.sending import Failure
from service.outbox.signatures import SecretUnreadableError, new_secret, seal, show, sign, unseal

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


class TestSignatures:
    def test_it_is_what_the_reference_libraries_expect(self) -> None:
        """Source: the test vector that the libraries of Standard Webhooks share."""
        secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        at = datetime.fromtimestamp(1614265330, UTC)
        headers = sign([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}')
        assert headers == {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        }

    def test_a_secret_is_as_long_as_it_should_be_and_never_the_same(self) -> None:
        shown = {show(new_secret()) for _ in range(3)}
        assert len(shown) == 3
        assert all(24 <= len(base64.b64decode(one.removeprefix("whsec_"))) <= 64 for one in shown)


class TestSeals:
    def test_only_the_same_key_and_endpoint_open_it(self) -> None:
        keys, endpoint_id, secret = Keys(b"k" * 32), uuid4(), new_secret()
        sealed = seal(keys, endpoint_id, secret)
        assert unseal(keys, endpoint_id, sealed) == secret
        assert secret not in sealed
        for other_keys, other_id in ((Keys(b"x" * 32), endpoint_id), (keys, uuid4())):
            with pytest.raises(SecretUnreadableError):
                unseal(other_keys, other_id, sealed)


class TestPatience:
    def test_waits_grow_and_end_after_a_day(self) -> None:
        waits = [
            (at - NOW).total_seconds()
            for failures in range(1, 12)
            if (at := next_attempt(failures=failures, failing_since=NOW, now=NOW)) is not None
        ]
        assert len(waits) == 11
        for wait, expected in zip(waits, (5, 20, 80, 320, 1280, 5120, *[10800] * 5), strict=True):
            assert 0.8 * expected <= wait <= 1.2 * expected
        nearly = NOW + PATIENCE - timedelta(seconds=1)
        assert next_attempt(failures=20, failing_since=NOW, now=nearly) == NOW + PATIENCE
        assert next_attempt(failures=20, failing_since=NOW, now=NOW + PATIENCE) is None


class TestWords:
    def test_every_failure_and_reason_has_them_in_both_languages(self) -> None:
        assert TEXTS.keys() == {*Failure, *EndpointReason}
        assert all(texts.keys() == {"en", "zh"} for texts in TEXTS.values())

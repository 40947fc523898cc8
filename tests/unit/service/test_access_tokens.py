"""Access tokens are JWTs that any library reads, and of all JWTs only ours are accepted."""

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey

from core.keys import Keys
from models.user import Role
from service.identity.errors import TokenExpiredError, UnauthenticatedError
from service.identity.tokens import AccessTokens, Principal

NOW = datetime(2026, 11, 28, tzinfo=UTC)
KEYS = Keys(b"k" * 32)
KEY = OctKey.import_key(KEYS.derive("access-token"))
WHO = Principal(UUID(int=1), Role.FINANCE, UUID(int=2))
TOKENS = AccessTokens(KEYS, lifetime=timedelta(minutes=15), clock=lambda: NOW)
TOKEN = TOKENS.issue(WHO)
CLAIMS = jwt.decode(TOKEN, KEY, algorithms=["HS256"]).claims


def without_algorithm(claims: dict[str, object]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


class TestOurs:
    def test_a_library_reads_what_is_issued(self) -> None:
        assert {
            "iss": "huajian",
            "sub": str(WHO.user_id),
            "role": "finance",
            "fam": str(WHO.family_id),
            "iat": NOW.timestamp(),
            "exp": NOW.timestamp() + 900,
        } == CLAIMS

    def test_what_a_library_issues_under_our_key_is_read(self) -> None:
        assert jwt.encode({"alg": "HS256"}, CLAIMS, KEY) == TOKEN
        assert TOKENS.verify(TOKEN) == WHO

    def test_it_expires(self) -> None:
        late = AccessTokens(KEYS, lifetime=timedelta(minutes=15), clock=lambda: NOW + timedelta(minutes=15))
        with pytest.raises(TokenExpiredError):
            late.verify(TOKEN)


class TestOthers:
    @given(st.integers(0, len(TOKEN) - 1), st.characters(codec="latin-1"))
    def test_no_character_may_be_another(self, place: int, character: str) -> None:
        changed = TOKEN[:place] + character + TOKEN[place + 1 :]
        if changed != TOKEN:
            with pytest.raises(UnauthenticatedError):
                TOKENS.verify(changed)

    @given(st.text(st.characters(codec="latin-1")))
    def test_noise(self, text: str) -> None:
        for token in (text, TOKEN + text + ".", text + TOKEN, TOKEN.rpartition(".")[0] + "." + text):
            if token != TOKEN:
                with pytest.raises(UnauthenticatedError):
                    TOKENS.verify(token)

    @pytest.mark.parametrize(
        "token",
        [
            without_algorithm(CLAIMS),
            jwt.encode({"alg": "HS512"}, CLAIMS, KEY, algorithms=["HS512"]),
            jwt.encode({"alg": "HS256", "kid": "other"}, CLAIMS, KEY),
            jwt.encode({"alg": "HS256"}, CLAIMS, OctKey.import_key(b"l" * 32)),
            jwt.encode({"alg": "HS256"}, CLAIMS, OctKey.import_key(KEYS.derive("unlock-page-token"))),
            jwt.encode({"alg": "HS256"}, CLAIMS | {"iss": "somebody"}, KEY),
            jwt.encode({"alg": "HS256"}, CLAIMS | {"role": "emperor"}, KEY),
            jwt.encode({"alg": "HS256"}, CLAIMS | {"sub": "1"}, KEY),
            jwt.encode({"alg": "HS256"}, {"iss": "huajian"}, KEY),
            jwt.encode({"alg": "HS256"}, CLAIMS | {"more": "x" * 1024}, KEY),
        ],
        ids=["none", "hs512", "kid", "key", "purpose", "issuer", "role", "subject", "claims", "length"],
    )
    def test_another_token(self, token: str) -> None:
        with pytest.raises(UnauthenticatedError):
            TOKENS.verify(token)

"""Codes, page tokens, proofs, names and terms, without a database."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.keys import Keys
from models.campaign import ShareChannel
from models.referral import HELP_TRANSITIONS, LINK_TRANSITIONS, HelpState, LinkState
from referral.codes import ALPHABET, BITS_PER_CHAR, CODE_CHARS, code_of, find_hash, hash_of
from referral.errors import PageTokenError, PageTokenExpiredError
from referral.meetings import Meeting
from referral.names import require_name
from referral.programme import load_programme
from referral.proof_of_work import is_solved, solve
from referral.seats import Seats
from referral.terms import Terms
from referral.tokens import TOKEN_CHARS, PageTokens

KEYS = Keys(b"k" * 32)
NOW = datetime(2026, 11, 11, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
HELPER, OTHER = uuid4(), uuid4()
PAGES = PageTokens(KEYS, lifetime=HOUR, difficulty_bits=6)


class TestCodes:
    def test_they_have_ninety_bits_and_are_never_the_same(self) -> None:
        assert CODE_CHARS * BITS_PER_CHAR >= 80
        codes = {code_of(KEYS, uuid4()) for _ in range(500)}
        assert len(codes) == 500
        assert {len(code) for code in codes} == {CODE_CHARS}
        assert set("".join(codes)) == set(ALPHABET)

    def test_a_code_is_found_however_it_was_typed(self) -> None:
        code = code_of(KEYS, uuid4())
        typed = "-".join([code[:6], code[6:12], code[12:]]).upper().replace("0", "O").replace("1", "L")
        assert find_hash(KEYS, typed) == hash_of(KEYS, code)

    def test_another_secret_makes_other_codes(self) -> None:
        link_id = uuid4()
        assert code_of(KEYS, link_id) != code_of(Keys(b"j" * 32), link_id)

    @given(st.text(max_size=60))
    @settings(max_examples=50)
    def test_whatever_is_no_code_finds_nothing(self, text: str) -> None:
        found = find_hash(KEYS, text)
        assert found is None or len(text.replace("-", "")) >= CODE_CHARS


class TestTokens:
    def test_a_token_says_what_was_put_in(self) -> None:
        code_hash = hash_of(KEYS, code_of(KEYS, uuid4()))
        text, issued = PAGES.issue(code_hash, now=NOW)
        assert len(text) == TOKEN_CHARS
        assert PAGES.open(code_hash, text) == issued
        assert (issued.issued_at, issued.difficulty_bits) == (NOW, 6)

    def test_no_changed_character_goes_unnoticed(self) -> None:
        text, _ = PAGES.issue(b"link", now=NOW)
        for place in range(len(text) - 1):
            other = "A" if text[place] != "A" else "B"
            with pytest.raises(PageTokenError):
                PAGES.open(b"link", text[:place] + other + text[place + 1 :])

    @pytest.mark.parametrize("text", ["", "A", "A" * TOKEN_CHARS, "é" * TOKEN_CHARS, "!" * TOKEN_CHARS])
    def test_what_is_no_token_is_refused(self, text: str) -> None:
        with pytest.raises(PageTokenError):
            PAGES.open(b"link", text)

    def test_it_belongs_to_one_link_and_one_secret(self) -> None:
        text, _ = PAGES.issue(b"link", now=NOW)
        with pytest.raises(PageTokenError):
            PAGES.open(b"another", text)
        with pytest.raises(PageTokenError):
            PageTokens(Keys(b"j" * 32), lifetime=HOUR, difficulty_bits=6).open(b"link", text)

    def test_it_expires_and_none_comes_from_the_future(self) -> None:
        _, token = PAGES.issue(b"link", now=NOW)
        PAGES.require_fresh(token, now=NOW + HOUR - timedelta(seconds=1))
        for moment in (NOW + HOUR, NOW - timedelta(minutes=1)):
            with pytest.raises(PageTokenExpiredError):
                PAGES.require_fresh(token, now=moment)


class TestProofs:
    def test_a_solution_solves_its_own_challenge_alone(self) -> None:
        proof = solve("salt", 12)
        assert is_solved("salt", proof, 12)
        assert not is_solved("other", proof, 12)
        assert not is_solved("salt", proof, 32)

    def test_without_difficulty_everything_is_a_proof(self) -> None:
        assert is_solved("salt", "x", 0)

    def test_as_hard_as_it_says(self) -> None:
        """Of 4,096 attempts at 4 bits, one in sixteen succeeds."""
        solved = sum(is_solved("salt", str(number), 4) for number in range(4096))
        assert 180 < solved < 340


class TestNames:
    @pytest.mark.parametrize(
        "name", ["知夏", "Zoë O’Hara", "小明·Li", "妈妈👩‍👧", "Anna-Lena 07", "अनु", "Hồng", "7", "❤️"]
    )
    def test_names_are_names(self, name: str) -> None:
        assert require_name(name) == name

    @pytest.mark.parametrize(
        "text", ["\u200d", "\u3164", "\u115f\u1160", "·", "\u0301", "a" + "\u0301" * 5], ids=ascii
    )
    def test_what_shows_nothing_or_covers_the_page_is_none(self, text: str) -> None:
        with pytest.raises(ValueError, match="is a name"):
            require_name(text)

    @pytest.mark.parametrize("text", ["a@b", "t.me/x", "微信号12345", "x" * 21, "a\u202eb", "１２３４５"])
    def test_advertisements_are_not(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"name|digits"):
            require_name(text)


class TestTerms:
    def test_the_programme_as_shipped_is_the_one_that_is_published(self) -> None:
        programme = load_programme()
        assert (programme.terms.weight_new, programme.terms.weight_existing, programme.terms.goal) == (
            2,
            1,
            3,
        )
        assert programme.terms.reward_credits == 1
        assert programme.times.link_hours == 72
        assert not programme.channels[ShareChannel.WECHAT].is_on

    def test_terms_that_cannot_be_met_are_refused(self) -> None:
        with pytest.raises(ValueError, match="too few"):
            Terms(goal=21, seats=20)


class TestSeats:
    def test_every_seat_is_given_once_and_none_that_is_not_there(self) -> None:
        seats, link_id = Seats(), uuid4()
        assert seats.show(link_id, [2, 0, 3]) == 5
        taken = Counter(seats.take(link_id) for _ in range(5))
        assert taken == {0: 2, 2: 3}
        assert seats.taken == {(link_id, 0): 2, (link_id, 2): 3}
        assert seats.show(link_id, [2, 0, 3]) == 0, "what a batch has taken stays taken"
        with pytest.raises(LookupError):
            seats.take(link_id)

    def test_batches_begin_at_any_shard(self) -> None:
        def first() -> int:
            seats, link_id = Seats(), uuid4()
            seats.show(link_id, [64] * 16)
            return seats.take(link_id)

        assert {first() for _ in range(500)} == set(range(16))


def meeting(**facts: object) -> Meeting:
    """Of somebody whose account and device are a minute younger than the page, unless told."""
    values: dict[str, Any] = dict.fromkeys(Meeting._fields)
    values |= {"helper_created_at": NOW, "device_user_id": HELPER, "device_seen_at": NOW, "has_helped": False}
    return Meeting(**values | facts)


class TestSnapshot:
    @pytest.mark.parametrize(
        ("facts", "is_new"),
        [
            ({}, True),
            ({"helper_created_at": NOW - HOUR}, False),  # the account was there before the page
            ({"device_seen_at": NOW - HOUR}, False),  # so was the device
            ({"device_user_id": OTHER}, False),  # somebody else's
            ({"device_user_id": None, "device_seen_at": None}, True),  # nobody has signed in on it yet
            ({"has_helped": True}, False),  # nobody is new twice
        ],
    )
    def test_new_is_who_came_because_of_the_page(self, facts: dict[str, Any], is_new: bool) -> None:
        assert meeting(**facts).came_for(HELPER, NOW - timedelta(minutes=1)) is is_new


class TestTransitions:
    def test_no_end_is_left_but_by_taking_back(self) -> None:
        assert set(HELP_TRANSITIONS) == set(HelpState) and set(LINK_TRANSITIONS) == set(LinkState)
        assert HELP_TRANSITIONS[HelpState.REWARDED] == {HelpState.REVOKED}
        assert LINK_TRANSITIONS[LinkState.REWARDED] == {LinkState.REVOKED}
        assert not HELP_TRANSITIONS[HelpState.REVOKED] and not LINK_TRANSITIONS[LinkState.EXPIRED]

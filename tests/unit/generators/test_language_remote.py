"""The parts of asking a server that need none: breaker, events, patience, counts."""

import email.utils
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from generators.backends.language.remote.breaker import CircuitBreaker
from generators.backends.language.remote.chat import read_wait_seconds
from generators.backends.language.remote.errors import MalformedAnswerError
from generators.backends.language.remote.events import EventReader
from generators.backends.language.remote.usage import Usage
from generators.backends.language.settings import OpenAiSettings, Price, TransformersSettings
from generators.contracts import BackendUnavailableError


class TestBreaker:
    def make(self) -> tuple[CircuitBreaker, list[float]]:
        now = [100.0]
        return CircuitBreaker(3, 30, clock=lambda: now[0]), now

    def fail(self, breaker: CircuitBreaker, times: int) -> None:
        for _ in range(times):
            breaker.enter()
            breaker.fail()

    def test_opens_after_so_many_failures_in_a_row(self) -> None:
        breaker, _ = self.make()
        self.fail(breaker, 2)
        breaker.enter()
        breaker.succeed()  # the row is broken
        self.fail(breaker, 3)
        with pytest.raises(BackendUnavailableError):
            breaker.enter()

    def test_lets_one_try_after_the_pause_and_that_one_decides(self) -> None:
        breaker, now = self.make()
        self.fail(breaker, 3)
        now[0] += 30
        breaker.enter()
        with pytest.raises(BackendUnavailableError):
            breaker.enter()  # one is trying already
        breaker.fail()
        now[0] += 29
        with pytest.raises(BackendUnavailableError):
            breaker.enter()
        now[0] += 1
        breaker.enter()
        breaker.succeed()
        self.fail(breaker, 2)
        breaker.enter()

    def test_one_that_learns_nothing_leaves_the_try_to_the_next(self) -> None:
        breaker, now = self.make()
        self.fail(breaker, 3)
        now[0] += 30
        breaker.enter()
        breaker.leave()
        breaker.enter()


class TestEvents:
    @pytest.mark.parametrize("size", [1, 2, 3, 1000])
    def test_are_the_same_however_the_bytes_are_cut(self, size: int) -> None:
        text = 'event: x\r\ndata: {"月": 1}\r\n\r\n: ping\n\ndata:two\ndata: lines\n\nid: 7\n\ndata: cut'
        raw = text.encode()
        reader = EventReader()
        found = [e for i in range(0, len(raw), size) for e in reader.feed(raw[i : i + size])]
        assert found == ['{"月": 1}', "two\nlines"]

    @pytest.mark.parametrize("line", [b"data: " + b"x" * 1000, b"data: " + b"x" * 1000 + b"\n"])
    def test_one_without_end_is_refused(self, line: bytes) -> None:
        reader = EventReader()
        with pytest.raises(MalformedAnswerError, match="without end"):
            for _ in range(100):
                reader.feed(line)


class TestPatience:
    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            (None, None),
            ("7", 7.0),
            (" 0 ", 0.0),
            ("soon", None),
            ("-1", None),
            ("²", None),
            ("9" * 400, 999999999999.0),
        ],
    )
    def test_in_seconds(self, header: str | None, seconds: float | None) -> None:
        assert read_wait_seconds(header) == seconds

    def test_until_a_date(self) -> None:
        soon = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
        waited = read_wait_seconds(soon)
        assert waited is not None
        assert 60 < waited <= 90
        assert read_wait_seconds("Fri, 31 Dec 1999 23:59:59 GMT") == 0
        assert read_wait_seconds("Fri, 31 Dec 1999 23:59:59") == 0  # no zone: as good as GMT


class TestUsage:
    def test_costs_are_exact(self) -> None:
        usage = Usage()
        usage.add({"prompt_tokens": 1, "completion_tokens": 3})
        usage.add({"prompt_tokens": 10, "completion_tokens": 30})
        told = usage.to_json(Price(currency="CNY", input_minor=7, output_minor=11))
        assert told["cost_millionths_minor"] == 11 * 7 + 33 * 11
        assert told["is_complete"] is True

    @pytest.mark.parametrize(
        "said",
        [None, "many", {}, {"prompt_tokens": -1, "completion_tokens": True}, {"prompt_tokens": 10**30}],
    )
    def test_what_cannot_be_believed_counts_nothing(self, said: object) -> None:
        usage = Usage()
        usage.add(said)
        assert (usage.input_tokens, usage.output_tokens, usage.is_complete) == (0, 0, False)


class TestSettings:
    def test_the_key_is_not_told(self) -> None:
        settings = OpenAiSettings.model_validate({"url": "http://h/v1", "model": "m", "api_key": "sk-secret"})
        assert "sk-secret" not in f"{settings!r} {settings} {settings.model_dump_json()}"

    @pytest.mark.parametrize(
        "wrong", [{"url": "ftp://h"}, {"timeout_seconds": 0}, {"price": {"currency": "usd"}}, {"unknown": 1}]
    )
    def test_mistakes_of_an_operator_are_refused(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            OpenAiSettings.model_validate({"url": "http://h/v1", "model": "m", **wrong})

    @pytest.mark.parametrize(
        "wrong", [{"device": "gpu"}, {"dtype": "int8"}, {"temperature": 0}, {"model": " "}]
    )
    def test_so_are_those_about_a_local_model(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            TransformersSettings.model_validate({"model": "m", **wrong})

"""Card words from a chat server on a real socket."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from generators.backends.language.openai_words import OpenAiWords
from generators.backends.language.settings import OpenAiSettings
from generators.contracts import BackendUnavailableError, Failure, FailureReason
from generators.specs import CardSpec, Language, Occasion
from tests.fakes.openai_server import Exchange, FakeOpenAi, Reply, fails, openai_server, says, sends

WORDS = "月亮爬上屋檐的时候，我们都在想你。愿你平安，愿你团圆。"
CARD = CardSpec(occasion=Occasion.MID_AUTUMN, recipient="林晚晴", sender="知夏")
ENGLISH = CardSpec(occasion=Occasion.THANK_YOU, recipient="Ann", sender="Bo", language=Language.EN)

Open = Callable[..., tuple[OpenAiWords, FakeOpenAi]]


@pytest.fixture
def open_() -> Iterator[Open]:
    with ExitStack() as stack:

        def start(*script: Reply, **changes: object) -> tuple[OpenAiWords, FakeOpenAi]:
            server = stack.enter_context(openai_server(*script))
            usual = {"url": server.url, "model": "qwen", "backoff_seconds": 0.001}
            writer = OpenAiWords(OpenAiSettings.model_validate(usual | changes))
            stack.callback(writer.close)
            return writer, server

        yield start


def test_a_good_answer_is_the_message(open_: Open) -> None:
    writer, server = open_(says(f"亲爱的林晚晴：\n\n{WORDS}\n\n——知夏"))
    assert writer.write([CARD], [5]) == [WORDS]
    assert server.requests[0]["seed"] == 5
    asked = server.requests[0]["messages"][1]["content"]
    assert "中秋" in asked
    assert "「林晚晴」" in asked


def test_messages_come_back_in_the_order_of_the_cards(open_: Open) -> None:
    def reply(exchange: Exchange) -> None:
        is_english = "Ann" in exchange.request["messages"][1]["content"]
        says("Thank you for the bread." if is_english else WORDS)(exchange)

    writer, _ = open_(reply)
    assert writer.write([ENGLISH, CARD, ENGLISH], [1, 2, 3]) == [
        "Thank you for the bread.",
        WORDS,
        "Thank you for the bread.",
    ]


def test_an_answer_without_words_is_asked_for_again(open_: Open) -> None:
    writer, server = open_(says("亲爱的林晚晴："), says(WORDS))
    assert writer.write([CARD], [5]) == [WORDS]
    assert [request["seed"] for request in server.requests] == [5, 6]


def test_a_server_without_words_is_a_failure(open_: Open) -> None:
    writer, server = open_(says("……"), repairs=1)
    (result,) = writer.write([CARD], [5])
    assert result == Failure(FailureReason.INTERNAL, "the server wrote no message")
    assert len(server.requests) == 2


def test_a_refusal_and_an_unreadable_answer_are_told_apart(open_: Open) -> None:
    writer, _ = open_(fails(400))
    assert writer.write([CARD], [5]) == [Failure(FailureReason.INVALID, "the server answered 400")]
    writer, _ = open_(sends(b"data: ?\n\n"), max_retries=0)
    assert writer.write([CARD], [5]) == [Failure(FailureReason.INTERNAL, "no readable answer: not JSON")]


def test_a_server_that_is_away_is_unavailable(open_: Open) -> None:
    writer, _ = open_(fails(502), max_retries=1)
    with pytest.raises(BackendUnavailableError, match="502"):
        writer.write([CARD, CARD], [1, 2])

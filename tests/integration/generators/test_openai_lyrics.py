"""Songs from a chat server on a real socket: how they are read, checked, repaired, counted and given up."""

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial

import pytest

from generators.backends.language.openai_lyrics import OpenAiLyrics
from generators.backends.language.remote.asking import Asker
from generators.backends.language.remote.chat import ChatClient
from generators.backends.language.settings import OpenAiSettings
from generators.backends.studio.lyrics.backend import StudioLyricsBackend
from generators.contracts import (
    BackendUnavailableError,
    Brief,
    Failure,
    FailureReason,
    Result,
    Song,
    Unwatched,
)
from generators.specs import CardSpec, Language, LyricsSpec, Occasion, Section
from tests.fakes.openai_server import (
    Exchange,
    FakeOpenAi,
    Reply,
    breaks_off,
    delta,
    fails,
    falls_silent,
    never_ends,
    openai_server,
    says,
    sends,
)

V, C = Section.VERSE, Section.CHORUS
SPEC = LyricsSpec(theme="雨夜归家", sections=(V, C, V, C), words=("林晚晴",))
KEY = "sk-very-secret-0123456789"

Opened = tuple[OpenAiLyrics, FakeOpenAi]
Open = Callable[..., Opened]


@pytest.fixture
def open_() -> Iterator[Open]:
    """Starts a server with a script, and a backend that asks it."""
    with ExitStack() as stack:

        def start(*script: Reply, **changes: object) -> Opened:
            server = stack.enter_context(openai_server(*script))
            usual = {"url": server.url, "model": "qwen", "backoff_seconds": 0.001, "timeout_seconds": 10}
            backend = OpenAiLyrics(OpenAiSettings.model_validate(usual | changes))
            stack.callback(backend.close)
            return backend, server

        yield start


def studio_song(spec: LyricsSpec = SPEC, seed: int = 1) -> list[str]:
    """A good answer, as blocks: title and sections, a chorus once."""
    made = StudioLyricsBackend().generate([Brief(spec, seed, "")], Unwatched())[0]
    assert isinstance(made, Song)
    return list(dict.fromkeys(made.text.strip().split("\n\n")))


TITLE, VERSE, CHORUS, SECOND = studio_song()
GOOD = "\n\n".join((TITLE, VERSE, CHORUS, SECOND))
FLAT = "[副歌]\n" + "\n".join(["灯火在窗前等着我归来"] * 4)  # a chorus that rhymes with itself alone


def ask(
    backend: OpenAiLyrics, *specs: LyricsSpec | CardSpec, watcher: Unwatched | None = None
) -> list[Result]:
    briefs = [Brief(spec, 7 + i, "label") for i, spec in enumerate(specs or (SPEC,))]
    return backend.generate(briefs, watcher or Unwatched())


def song(results: Sequence[Result]) -> Song:
    (result,) = results
    assert isinstance(result, Song), result
    return result


class Watcher(Unwatched):
    """Remembers; cancels at a step."""

    def __init__(self, cancel_at: int = 99) -> None:
        self.steps: dict[int, list[int]] = defaultdict(list)
        self.shown: list[str] = []
        self._cancel_at = cancel_at

    def step(self, index: int, step: int, steps: int) -> bool:
        self.steps[index].append(step)
        return step < self._cancel_at

    def section(self, index: int, text: str) -> None:
        self.shown.append(text)


class TestReading:
    def test_a_good_answer_is_a_finished_song(self, open_: Open) -> None:
        backend, server = open_(says(GOOD))
        watcher = Watcher()
        made = song(ask(backend, watcher=watcher))
        assert made.text == "\n\n".join((GOOD, CHORUS, "label"))
        assert made.rhyme["ok"] is True
        assert watcher.shown == [VERSE, CHORUS, SECOND, CHORUS]
        assert watcher.steps[0] == sorted(watcher.steps[0])
        assert watcher.steps[0][-1] == backend.steps(SPEC) == 13
        (request,) = server.requests
        assert request["model"] == "qwen"
        assert request["seed"] == 7
        assert request["stream"] is True
        assert "「雨夜归家」" in request["messages"][1]["content"]

    @pytest.mark.parametrize(
        "answer",
        [
            "<think>\n[主歌一]\n先想一想\n</think>\n\n" + GOOD,
            "好的，这是歌词：\n\n"
            + GOOD.replace("[主歌一]", "**【主歌 1】**").replace("[副歌]", "## 副歌："),
            "```\n" + GOOD.replace("\n\n", "，\n\n").replace("一", "一\x00\u200b") + "\n```",
            GOOD.replace("\n", "\r\n"),
            GOOD + "\n\n" + CHORUS + "\n\n希望你喜欢！",
        ],
        ids=[
            "thinks aloud",
            "markup",
            "fences and controls",
            "carriage returns",
            "chorus again and talk",
        ],
    )
    def test_what_models_put_around_a_song_is_left_out(self, answer: str, open_: Open) -> None:
        backend, _ = open_(says(answer), repairs=0)
        made = song(ask(backend))
        assert made.text.split("\n\n")[:-1] == [TITLE, VERSE, CHORUS, SECOND, CHORUS]

    def test_a_server_that_does_not_stream_is_understood(self, open_: Open) -> None:
        whole = {"choices": [{"message": {"content": GOOD}, "finish_reason": "stop"}], "usage": None}
        backend, _ = open_(sends(json.dumps(whole).encode(), {"content-type": "application/json"}))
        made = song(ask(backend))
        assert made.text.startswith(GOOD)
        assert made.usage["is_complete"] is False

    def test_the_work_records_what_the_server_calls_itself(self, open_: Open) -> None:
        backend, _ = open_(says(GOOD))
        made_by = song(ask(backend)).made_by
        assert made_by is not None
        assert (made_by.backend, made_by.model, made_by.revision) == ("openai", "fake-1", "fp_7")
        assert made_by.is_model is True

    def test_tokens_and_cost_are_added_up_over_requests(self, open_: Open) -> None:
        price = {"currency": "EUR", "input_minor": 300, "output_minor": 1500}
        backend, _ = open_(says("\n\n".join((TITLE, VERSE, FLAT, SECOND))), says(CHORUS), price=price)
        assert song(ask(backend)).usage == {
            "requests": 2,
            "input_tokens": 200,
            "output_tokens": 80,
            "is_complete": True,
            "cost_millionths_minor": 200 * 300 + 80 * 1500,
            "currency": "EUR",
        }

    def test_songs_of_a_batch_are_asked_side_by_side_and_kept_apart(self, open_: Open) -> None:
        english = LyricsSpec(theme="going home", language=Language.EN, sections=(V,))
        answers = {"going home": "\n\n".join(studio_song(english)), "雨夜归家": GOOD}

        def reply(exchange: Exchange) -> None:
            asked = exchange.request["messages"][1]["content"]
            says(next(answer for theme, answer in answers.items() if theme in asked))(exchange)

        backend, server = open_(reply)
        watcher = Watcher()
        chinese, english_song = ask(backend, SPEC, english, watcher=watcher)
        assert isinstance(chinese, Song)
        assert isinstance(english_song, Song)
        assert chinese.text.startswith(GOOD)
        assert english_song.rhyme["language"] == "en"
        assert {request["seed"] for request in server.requests} == {7, 8}
        assert set(watcher.steps) == {0, 1}


class TestRepair:
    def test_only_the_section_that_does_not_rhyme_is_asked_for_again(self, open_: Open) -> None:
        backend, server = open_(says("\n\n".join((TITLE, VERSE, FLAT, SECOND))), says(CHORUS))
        watcher = Watcher()
        made = song(ask(backend, watcher=watcher))
        assert made.rhyme["ok"] is True
        assert made.text.startswith(GOOD)
        assert watcher.shown == [VERSE, CHORUS, SECOND, CHORUS]
        *_, said, asked = server.requests[1]["messages"]
        assert VERSE in said["content"]
        assert "[副歌]" in asked["content"]
        assert "[主歌一]" not in asked["content"]

    def test_a_song_that_never_rhymes_says_so(self, open_: Open) -> None:
        backend, server = open_(says("\n\n".join((TITLE, VERSE, FLAT, SECOND))), says(FLAT), repairs=2)
        made = song(ask(backend))
        assert made.rhyme["ok"] is False
        assert "灯火在窗前" in made.text
        assert len(server.requests) == 3

    def test_a_song_cut_at_the_token_limit_is_continued(self, open_: Open) -> None:
        cut = "\n\n".join((TITLE, VERSE, CHORUS, SECOND))[:-12]
        backend, server = open_(says(cut, finish="length"), says(SECOND))
        assert song(ask(backend)).text.startswith(GOOD)
        assert "[主歌二]" in server.requests[1]["messages"][-1]["content"]

    def test_missing_words_of_the_asker_are_asked_for(self, open_: Open) -> None:
        without = [block.replace("林晚晴", "那个人") for block in (TITLE, VERSE, CHORUS, SECOND)]
        woven = SECOND if "林晚晴" in SECOND else SECOND.replace(SECOND.split("\n")[3][:3], "林晚晴", 1)
        backend, server = open_(says("\n\n".join(without)), says(woven))
        made = song(ask(backend))
        assert "林晚晴" in made.text
        assert "林晚晴" in server.requests[1]["messages"][-1]["content"]

    def test_a_verse_told_again_is_no_second_verse(self, open_: Open) -> None:
        again = VERSE.replace("[主歌一]", "[主歌]")
        backend, _ = open_(says("\n\n".join((TITLE, VERSE, CHORUS, again))), says(again), says(SECOND))
        assert song(ask(backend)).text.startswith(GOOD)

    def test_sections_that_never_come_are_a_failure(self, open_: Open) -> None:
        backend, server = open_(says("\n\n".join((TITLE, VERSE, CHORUS))), repairs=1)
        (result,) = ask(backend)
        assert isinstance(result, Failure)
        assert result.reason is FailureReason.INTERNAL
        assert len(server.requests) == 2


class TestTrouble:
    @pytest.mark.parametrize(
        "bad",
        [
            fails(500),
            fails(503, headers={"retry-after": "0"}),
            fails(429, headers={"retry-after": "0"}),
            fails(429),
            breaks_off(""),
            sends(b""),
            sends(b"data: {not json}\n\n"),
            sends(b"data: [1]\n\n"),
            sends(b'data: {"choices": 7}\n\n'),
            sends(b'data: {"error": {"message": "overloaded"}}\n\n'),
            sends(b'data: {"choices": [{"delta": {"content": 7}}]}\n\n'),
            sends(b"data: " + b"[" * 50_000 + b"\n\n"),
            sends(b"data: \xff\xfe\n\n"),
            sends(b"<html>proxy</html>", {"content-type": "text/html"}),
            sends(b"not json", {"content-type": "application/json"}),
            sends(b"\x1f\x8b...", {"content-encoding": "gzip"}),
            says(""),
        ],
        ids=[
            "500", "503 wait", "429 wait", "429", "breaks off", "empty body", "no JSON", "a list",
            "no choices", "error event", "number for text", "deep nesting", "no UTF-8", "HTML",
            "whole but no JSON", "compressed", "empty text",
        ],
    )  # fmt: skip
    def test_is_tried_again(self, bad: Reply, open_: Open) -> None:
        backend, server = open_(bad, says(GOOD))
        assert song(ask(backend)).text.startswith(GOOD)
        assert len(server.requests) == 2

    def test_what_came_before_a_lost_connection_is_kept(self, open_: Open) -> None:
        backend, server = open_(breaks_off("\n\n".join((TITLE, VERSE, CHORUS, "[主歌二]\n半"))), says(SECOND))
        watcher = Watcher()
        made = song(ask(backend, watcher=watcher))
        assert made.text.startswith(GOOD)
        assert watcher.shown == [VERSE, CHORUS, SECOND, CHORUS]
        assert made.usage["is_complete"] is False  # nobody said what the lost one cost
        assert "[副歌]" not in server.requests[1]["messages"][-1]["content"]

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
    def test_a_server_that_stays_down_is_unavailable(self, status: int, open_: Open) -> None:
        backend, server = open_(fails(status), max_retries=2)
        with pytest.raises(BackendUnavailableError, match=str(status)):
            ask(backend)
        assert len(server.requests) == 3

    def test_no_server_at_all_is_unavailable(self, open_: Open) -> None:
        backend, _ = open_(says(GOOD), url="http://127.0.0.1:9/v1", max_retries=1)
        with pytest.raises(BackendUnavailableError, match="ConnectError"):
            ask(backend)

    @pytest.mark.parametrize("status", [301, 401, 403, 404])
    def test_a_wrong_key_model_or_address_is_not_tried_again(self, status: int, open_: Open) -> None:
        backend, server = open_(fails(status))
        with pytest.raises(BackendUnavailableError, match="check address, model and key"):
            ask(backend)
        assert len(server.requests) == 1

    @pytest.mark.parametrize("reply", [fails(400), fails(422), says("不行", finish="content_filter")])
    def test_a_refused_request_is_invalid(self, reply: Reply, open_: Open) -> None:
        backend, server = open_(reply)
        (result,) = ask(backend)
        assert isinstance(result, Failure)
        assert result.reason is FailureReason.INVALID
        assert len(server.requests) == 1

    def test_an_unreadable_server_is_a_failure_of_the_work(self, open_: Open) -> None:
        backend, server = open_(sends(b"data: ?\n\n"), max_retries=1)
        (result,) = ask(backend)
        assert result == Failure(FailureReason.INTERNAL, "no readable answer: not JSON")
        assert len(server.requests) == 2

    def test_a_server_that_falls_silent_is_given_up(self, open_: Open) -> None:
        backend, _ = open_(falls_silent, timeout_seconds=0.2, max_retries=1)
        with pytest.raises(BackendUnavailableError, match="ReadTimeout"):
            ask(backend)

    def test_an_answer_that_trickles_on_is_given_up(self, open_: Open) -> None:
        def trickle(exchange: Exchange) -> None:
            exchange.begin()
            while not exchange.closing.wait(0.02):
                exchange.event(delta("歌"))

        backend, _ = open_(trickle, timeout_seconds=2, max_retries=0)
        with pytest.raises(BackendUnavailableError, match="too long"):
            ask(backend)

    @pytest.mark.parametrize("piece", [b"data: " + b"x" * 60_000, b": comment\n\n" * 100])
    def test_an_answer_without_end_is_cut(self, piece: bytes, open_: Open) -> None:
        backend, _ = open_(never_ends(piece), max_retries=0, max_answer_bytes=100_000)
        (result,) = ask(backend)
        assert isinstance(result, Failure)
        assert "without end" in result.detail or "more than 100000 bytes" in result.detail

    def test_a_server_that_asks_for_too_much_patience_is_unavailable(self, open_: Open) -> None:
        backend, server = open_(fails(429, headers={"retry-after": "3600"}))
        with pytest.raises(BackendUnavailableError, match="3600 s"):
            ask(backend)
        assert len(server.requests) == 1

    def test_a_server_gets_the_patience_it_asks_for(self) -> None:
        slept: list[float] = []
        with openai_server(fails(429, headers={"retry-after": "3"}), says(GOOD)) as server:
            settings = OpenAiSettings.model_validate({"url": server.url, "model": "m", "backoff_seconds": 0})
            asker = Asker(ChatClient(settings), settings, sleep=slept.append)
            assert song(ask(OpenAiLyrics(settings, asker))).text.startswith(GOOD)
            asker.close()
        assert sum(slept) == pytest.approx(3)

    def test_one_unavailable_answer_does_not_spoil_the_batch(self, open_: Open) -> None:
        other = SPEC.model_copy(update={"theme": "大海"})

        def reply(exchange: Exchange) -> None:
            good = "雨夜归家" in exchange.request["messages"][1]["content"]
            (says(GOOD) if good else fails(500))(exchange)

        backend, _ = open_(reply, max_retries=1, breaker_failures=50)
        first, second = ask(backend, SPEC, other)
        assert isinstance(first, Song)
        assert isinstance(second, Failure)
        assert second.reason is FailureReason.INTERNAL

    def test_a_foreign_spec_fails_alone(self, open_: Open) -> None:
        backend, _ = open_(says(GOOD))
        card = CardSpec(occasion=Occasion.LOVE, recipient="a", sender="b")
        first, second = ask(backend, card, SPEC)
        assert isinstance(first, Failure)
        assert first.reason is FailureReason.INVALID
        assert isinstance(second, Song)

    def test_after_failures_in_a_row_nothing_is_asked(self, open_: Open) -> None:
        backend, server = open_(fails(500), max_retries=0, breaker_failures=2, breaker_seconds=600)
        for _ in range(2):
            with pytest.raises(BackendUnavailableError, match="500"):
                ask(backend)
        with pytest.raises(BackendUnavailableError, match="left alone"):
            ask(backend)
        assert len(server.requests) == 2


class TestCancel:
    def test_in_the_middle_of_an_answer_the_connection_is_closed(self, open_: Open) -> None:
        gone: list[bool] = []

        def reply(exchange: Exchange) -> None:
            exchange.begin()
            exchange.text(f"{TITLE}\n\n{VERSE}\n")
            try:
                while not exchange.closing.wait(0.005):
                    exchange.event(delta("\n"))
            except OSError:
                gone.append(True)
                raise

        backend, _ = open_(reply)
        watcher = Watcher(cancel_at=4)
        (result,) = ask(backend, watcher=watcher)
        assert isinstance(result, Failure)
        assert result.reason is FailureReason.CANCELLED
        assert watcher.steps[0].count(4) == 1

    def test_in_a_pause_before_a_retry(self, open_: Open) -> None:
        class Impatient(Watcher):
            def step(self, index: int, step: int, steps: int) -> bool:
                super().step(index, step, steps)
                return len(self.steps[index]) < 2

        backend, server = open_(fails(503, headers={"retry-after": "15"}))
        (result,) = ask(backend, watcher=Impatient())
        assert isinstance(result, Failure)
        assert result.reason is FailureReason.CANCELLED
        assert len(server.requests) == 1


class TestKey:
    def test_is_sent_and_never_told(self, open_: Open, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        reply = partial(fails, body=json.dumps({"error": {"message": f"Incorrect API key: {KEY}"}}))
        backend, server = open_(reply(500), reply(401), api_key=KEY)
        with pytest.raises(BackendUnavailableError) as caught:
            ask(backend)
        assert server.headers[0]["authorization"] == f"Bearer {KEY}"
        seen: BaseException | None = caught.value
        while seen is not None:
            assert KEY not in repr(seen)
            seen = seen.__cause__
        assert KEY not in caplog.text
        assert KEY not in repr(backend._settings)

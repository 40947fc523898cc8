"""Asks until there is an answer: bounded retries with growing, jittered pauses, behind a circuit breaker."""

import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from generators.backends.language.remote.breaker import CircuitBreaker
from generators.backends.language.remote.chat import Answer, ChatClient, Message
from generators.backends.language.remote.errors import (
    AskingError,
    BusyError,
    MalformedAnswerError,
    MisconfiguredError,
    RefusedError,
    UnwantedError,
)
from generators.backends.language.remote.usage import Usage
from generators.backends.language.settings import OpenAiSettings
from generators.contracts import BackendUnavailableError

_log: Final = logging.getLogger(__name__)
_LOOK_SECONDS: Final = 0.2  # how often a pause is interrupted to see whether anybody still waits


class Conversation(Protocol):
    """One work in the making, as the asker sees it."""

    usage: Usage

    def messages(self) -> Sequence[Message]:
        """What to send now; asked anew for each attempt."""
        ...

    def begin(self) -> None:
        """An answer starts; what an earlier one left unfinished is void."""
        ...

    def take(self, piece: str) -> None:
        """The next characters of it."""
        ...

    def is_wanted(self) -> bool:
        """Whether anybody still waits. Asked often; never again after it said no."""
        ...


class Asker:
    """Shared by all conversations with one server; any thread."""

    def __init__(
        self, client: ChatClient, settings: OpenAiSettings, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client, self._settings, self._sleep = client, settings, sleep
        self._breaker = CircuitBreaker(settings.breaker_failures, settings.breaker_seconds)
        self._dice = random.Random()

    def close(self) -> None:
        self._client.close()

    def ask(self, conversation: Conversation, seed: int) -> Answer:
        """One answer, its text given to the conversation.

        Raises: BackendUnavailableError when the server is away, UnwantedError, RefusedError,
            MalformedAnswerError when nothing else came however often it was asked.
        """
        for attempt in range(self._settings.max_retries + 1):
            try:
                return self._attempt(conversation, seed)
            except AskingError as error:
                _log.warning("text server: %s, attempt %d", error, attempt + 1)
                if attempt == self._settings.max_retries:
                    if isinstance(error, MalformedAnswerError):
                        raise
                    raise BackendUnavailableError(f"the text server did not answer: {error}") from error
                self._pause(self._pause_seconds(attempt, error), conversation)
        raise AssertionError("unreachable")

    def _attempt(self, conversation: Conversation, seed: int) -> Answer:
        """One request, and what it says about the server told to the breaker."""
        self._breaker.enter()
        conversation.usage.requests += 1
        try:
            answer = self._stream(conversation, seed)
        except (UnwantedError, BusyError):
            self._breaker.leave()
            raise
        except AskingError:
            self._breaker.fail()
            raise
        except RefusedError:
            self._breaker.succeed()
            raise
        except MisconfiguredError as error:
            self._breaker.fail()
            raise BackendUnavailableError(str(error)) from error
        except BaseException:
            self._breaker.leave()
            raise
        self._breaker.succeed()
        conversation.usage.add(answer.usage)
        return answer

    def _stream(self, conversation: Conversation, seed: int) -> Answer:
        has_text = False

        def take(piece: str) -> None:
            nonlocal has_text
            has_text = True
            conversation.take(piece)
            if not conversation.is_wanted():
                raise UnwantedError

        if not conversation.is_wanted():
            raise UnwantedError
        conversation.begin()
        try:
            return self._client.ask(conversation.messages(), seed, take)
        except AskingError:
            if has_text:
                conversation.usage.add(None)  # paid for, but nobody said how much
            raise

    def _pause_seconds(self, attempt: int, error: AskingError) -> float:
        """Full jitter under a doubling ceiling; never less than the server asked for.

        Raises: BackendUnavailableError when the server asks for more than we wait.
        """
        most = self._settings.max_wait_seconds
        asked = error.wait_seconds if isinstance(error, BusyError) else None
        if asked is not None and asked > most:
            raise BackendUnavailableError(f"the text server asks to wait {asked:.0f} s") from error
        jittered = self._dice.uniform(0, min(most, self._settings.backoff_seconds * 2**attempt))
        return max(asked or 0.0, jittered)

    def _pause(self, seconds: float, conversation: Conversation) -> None:
        while seconds > 0:
            self._sleep(min(seconds, _LOOK_SECONDS))
            seconds -= _LOOK_SECONDS
            if not conversation.is_wanted():
                raise UnwantedError

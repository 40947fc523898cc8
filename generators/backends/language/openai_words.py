"""The `openai` writer of card words: a server that speaks chat completions."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from generators.backends.language.messages import read_message
from generators.backends.language.prompts import ask_for_message
from generators.backends.language.remote.asking import Asker
from generators.backends.language.remote.chat import ChatClient, Message
from generators.backends.language.remote.errors import MalformedAnswerError, RefusedError
from generators.backends.language.remote.usage import Usage
from generators.backends.language.settings import OpenAiSettings
from generators.contracts import BackendUnavailableError, Failure, FailureReason, Identity
from generators.specs import CardSpec


class OpenAiWords:
    """Implements contracts.WordsWriter. The messages of a batch are asked for side by side."""

    def __init__(self, settings: OpenAiSettings, asker: Asker | None = None) -> None:
        """asker: shared with who else asks the same server; None opens one of its own."""
        self._settings = settings
        self._asker = asker or Asker(ChatClient(settings), settings)
        self.identity = Identity("openai", settings.model, "unknown", is_model=True)

    def write(self, specs: Sequence[CardSpec], seeds: Sequence[int]) -> list[str | Failure]:
        """One message or Failure a spec, in order: INTERNAL, or INVALID for what is refused.

        Raises: BackendUnavailableError when the server had none of the answers.
        """
        with ThreadPoolExecutor(self._settings.max_concurrent) as pool:
            written = list(pool.map(self._one, specs, seeds))
        away = [one for one in written if isinstance(one, BackendUnavailableError)]
        if away and len(away) == len(written):
            raise away[0]
        return [
            Failure(FailureReason.INTERNAL, str(one)) if isinstance(one, BackendUnavailableError) else one
            for one in written
        ]

    def close(self) -> None:
        """Give the connections back."""
        self._asker.close()

    def _one(self, spec: CardSpec, seed: int) -> str | Failure | BackendUnavailableError:
        conversation = _MessageConversation(spec)
        try:
            for repair in range(self._settings.repairs + 1):
                self._asker.ask(conversation, seed + repair)
                if message := read_message(conversation.answer, spec):
                    return message
        except RefusedError as error:
            return Failure(FailureReason.INVALID, str(error))
        except MalformedAnswerError as error:
            return Failure(FailureReason.INTERNAL, f"no readable answer: {error}")
        except BackendUnavailableError as error:
            return error
        return Failure(FailureReason.INTERNAL, "the server wrote no message")


class _MessageConversation:
    """Implements Conversation for one message."""

    def __init__(self, spec: CardSpec) -> None:
        self.usage = Usage()
        self.answer = ""
        self._asked = ask_for_message(spec)

    def messages(self) -> Sequence[Message]:
        return [
            {"role": "system", "content": self._asked.system},
            {"role": "user", "content": self._asked.user},
        ]

    def begin(self) -> None:
        self.answer = ""

    def take(self, piece: str) -> None:
        self.answer += piece

    def is_wanted(self) -> bool:
        return True

"""The child's side of a pipe that lasts. Imports next to nothing."""

import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection

from service.children.messages import Message, receive, send

Ask = Callable[[Message], Message]
Answer = Callable[[Message, Ask], Message]


def serve(answer: Answer) -> None:
    """Answer until the parent hangs up, also when it is killed. What `answer` raises ends the process.

    answer: is given a question, and a way to ask the parent something before it answers.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Connection(int(sys.argv[1])) as connection:

        def ask(message: Message) -> Message:
            send(connection, message)
            return receive(connection)

        while True:
            try:
                question = receive(connection)
            except (EOFError, OSError):
                return
            send(connection, answer(question, ask))

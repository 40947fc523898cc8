"""`python -m tests.fakes.odd_workshop FD`: in the place of a workshop, and does what the first file says."""

import os
import threading

from service.certificates import orders
from service.children.answering import Ask, serve
from service.children.messages import Message


def answer(question: Message, ask: Ask) -> Message:
    match question.files[0]:
        case b"dies":
            os._exit(9)
        case b"hangs":
            threading.Event().wait()
        case b"has no memory":
            return Message({orders.REFUSED: orders.EXHAUSTED, orders.REASON: "memory"})
        case b"signs twice":
            ask(Message({orders.ASKED: orders.SIGNATURE}, [b"claim"]))
            return Message({orders.ASKED: orders.SIGNATURE}, [b"another claim"])
    raise ValueError("what shall I do?")


if __name__ == "__main__":
    serve(answer)

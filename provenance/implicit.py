"""The implicit label: what a file itself says about having been generated, for machines to read.

Source: GB 45438-2025 annex E: one JSON object of exactly seven keys; and TC260-PG-20252A for the producer's
code, which comes with an operator's registration and is never made up here.
"""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import regex

DEVELOPMENT_PRODUCER: Final = "DEVELOPMENT-NOT-REGISTERED"  # what an installation without a code writes
GENERATED: Final = "1"  # is generated; "2" may be and "3" suspected are for those who only spread a file
_KEYS: Final = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
_REQUIRED: Final = ("Label", "ContentProducer", "ProduceID")
_VALUE: Final = regex.compile(r"[\x21\x23-\x5b\x5d-\x7e]*")  # printable, no blank, quote or backslash
_LONGEST: Final = 4096  # characters of a label that is read


class ImplicitLabelError(ValueError):
    """Not a label as the standard wants it."""


@dataclass(frozen=True, slots=True)
class ImplicitLabel:
    """Who made the content and under which number; whoever spreads it first is its producer.

    integrity, spread_integrity: free for a signature of the producer and of the propagator.
    Raises: ImplicitLabelError: a value has characters that readers refuse, or a required one is empty.
    """

    producer: str
    produce_id: str
    propagator: str
    propagate_id: str
    integrity: str = ""
    spread_integrity: str = ""
    label: str = GENERATED

    def __post_init__(self) -> None:
        for key, value in self._values().items():
            if _VALUE.fullmatch(value) is None:
                raise ImplicitLabelError(f"{key} has characters that an implicit label cannot hold")
            if key in _REQUIRED and not value:
                raise ImplicitLabelError(f"{key} is empty")

    def _values(self) -> dict[str, str]:
        values = (
            self.label,
            self.producer,
            self.produce_id,
            self.integrity,
            self.propagator,
            self.propagate_id,
            self.spread_integrity,
        )
        return dict(zip(_KEYS, values, strict=True))

    def to_json(self) -> str:
        """The label as every reader expects it: ASCII, the seven keys in the standard's order."""
        return json.dumps(self._values(), separators=(",", ":"))


def produced(producer: str | None, produce_id: str) -> ImplicitLabel:
    """The label of a file that leaves its producer; None is an installation without a code."""
    code = producer or DEVELOPMENT_PRODUCER
    return ImplicitLabel(code, produce_id, code, produce_id)


def read_json(text: str) -> ImplicitLabel:
    """Raises: ImplicitLabelError: not an object of exactly the seven keys, each once, each a string."""
    if len(text) > _LONGEST:
        raise ImplicitLabelError("longer than any label")
    values = _parsed(text)
    if not isinstance(values, dict) or set(values) != set(_KEYS):
        raise ImplicitLabelError("not the seven keys of an implicit label")
    if not all(isinstance(value, str) for value in values.values()):
        raise ImplicitLabelError("a value is not a string")
    return _label_of(values)


def read_anybodys(text: str) -> ImplicitLabel:
    """A label as other producers write it: in an object `AIGC`, escaped for HTML, with free keys left out.

    Raises: ImplicitLabelError: a required key is missing, or a value is none.
    """
    if len(text) > _LONGEST:
        raise ImplicitLabelError("longer than any label")
    text = text.strip().removeprefix("AIGC").lstrip(": ")
    values = _parsed(text if text.startswith('{"') else html.unescape(text))
    if isinstance(values, dict) and set(values) == {"AIGC"}:
        values = _parsed(values["AIGC"]) if isinstance(values["AIGC"], str) else values["AIGC"]
    if not isinstance(values, dict) or not set(_REQUIRED) <= set(values):
        raise ImplicitLabelError("a required key of an implicit label is missing")
    known = {key: values.get(key, "") for key in _KEYS}
    if not all(isinstance(value, str | int) for value in known.values()):
        raise ImplicitLabelError("a value is not a string")
    return _label_of({key: str(value) for key, value in known.items()})


def _label_of(values: Mapping[str, str]) -> ImplicitLabel:
    return ImplicitLabel(
        producer=values["ContentProducer"],
        produce_id=values["ProduceID"],
        propagator=values["ContentPropagator"],
        propagate_id=values["PropagateID"],
        integrity=values["ReservedCode1"],
        spread_integrity=values["ReservedCode2"],
        label=values["Label"],
    )


def _parsed(text: str) -> Any:  # noqa: ANN401 - whatever it is
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ImplicitLabelError("not JSON") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ImplicitLabelError("a key stands twice")
    return values

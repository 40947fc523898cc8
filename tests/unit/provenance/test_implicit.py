"""The implicit label as the standard wants it, and nothing else."""

import json

import pytest

from provenance.implicit import DEVELOPMENT_PRODUCER, ImplicitLabel, ImplicitLabelError, produced, read_json

CODE = "001191440300708461136T1XGW3"
KEYS = [
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
]


class TestImplicitLabel:
    def test_it_has_the_seven_keys_in_order(self) -> None:
        values = json.loads(produced(CODE, "0199c3f2").to_json())
        assert list(values) == KEYS
        assert (values["Label"], values["ContentProducer"], values["ProduceID"]) == ("1", CODE, "0199c3f2")

    def test_who_produces_spreads_first(self) -> None:
        label = produced(CODE, "0199c3f2")
        assert (label.propagator, label.propagate_id) == (label.producer, label.produce_id)

    def test_without_a_code_it_says_so(self) -> None:
        assert produced(None, "1").producer == DEVELOPMENT_PRODUCER == "DEVELOPMENT-NOT-REGISTERED"

    def test_what_is_written_is_read(self) -> None:
        label = ImplicitLabel(CODE, "a", "b", "c", integrity="d~!#[]", spread_integrity="e")
        assert read_json(label.to_json()) == label

    @pytest.mark.parametrize("value", ["花笺", "a b", 'a"b', "a\\b", "a\n", "\x7f", ""])
    def test_values_that_readers_refuse_are_not_written(self, value: str) -> None:
        with pytest.raises(ImplicitLabelError):
            ImplicitLabel(value, "1", "p", "1")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            "{}",
            '"AIGC"',
            json.dumps(dict.fromkeys(KEYS[:-1], "1")),
            json.dumps(dict.fromkeys([*KEYS, "More"], "1")),
            json.dumps({**dict.fromkeys(KEYS, "1"), "Label": 1}),
            json.dumps(dict.fromkeys(KEYS, "1"))[:-1] + ',"Label":"2"}',
            json.dumps(dict.fromkeys(KEYS, "1" * 5000)),
            "[" * 4000,
        ],
    )
    def test_other_texts_are_no_labels(self, text: str) -> None:
        with pytest.raises(ImplicitLabelError):
            read_json(text)

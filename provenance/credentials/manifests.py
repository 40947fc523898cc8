"""What a manifest of ours says: how the work came to be, under which number, and what others may do with it.

Source: C2PA 2.2 section 18.14 (actions), 18.21 (generator info); CAWG training and data mining assertion 1.1.
"""

import functools
from importlib.metadata import version
from typing import Any, Final

from provenance.facts import MadeBy, MiningChoice, SealFacts

GENERATOR: Final = "Huajian"
PRODUCED: Final = "com.github.huajian.produced"  # our own assertion: the number of the implicit label
_SPECIFICATION: Final = "2.2.0"
_MINED: Final = ("cawg.data_mining", "cawg.ai_inference", "cawg.ai_generative_training", "cawg.ai_training")


def describe(facts: SealFacts, media_type: str) -> dict[str, Any]:
    """The manifest definition that the builder takes."""
    return {
        "claim_generator_info": [
            {"name": GENERATOR, "version": generator_version(), "specVersion": _SPECIFICATION}
        ],
        "title": facts.title,
        "format": media_type.partition(";")[0].strip(),
        "assertions": [
            {"label": "c2pa.actions.v2", "data": _actions(facts)},
            {"label": PRODUCED, "data": _produced(facts)},
            {"label": "cawg.training-mining", "data": _mining(facts.mining)},
        ],
    }


@functools.cache
def generator_version() -> str:
    return version("huajian")


def _actions(facts: SealFacts) -> dict[str, Any]:
    """One action: the work was made here, whole. Visible and implicit labels are part of the making."""
    created = {
        "action": "c2pa.created",
        "when": facts.made_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "digitalSourceType": facts.source_type,
        "softwareAgent": _agent(facts.made_by[0]),
    }
    return {"actions": [created], "allActionsIncluded": True}


def _agent(maker: MadeBy) -> dict[str, str]:
    return {"name": f"{maker.backend} {maker.model}", "version": maker.version}


def _produced(facts: SealFacts) -> dict[str, Any]:
    return {
        "produce_id": facts.produce_id,
        "producer": facts.producer_code or "",
        "made_by": [
            {
                "backend": maker.backend,
                "model": maker.model,
                "version": maker.version,
                "trained_model": maker.is_model,
                **({"role": maker.role} if maker.role else {}),
            }
            for maker in facts.made_by
        ],
    }


def _mining(choice: MiningChoice) -> dict[str, Any]:
    return {"entries": {entry: {"use": choice.value} for entry in _MINED}}

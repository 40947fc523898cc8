"""Draws one token a row, by dice of the row's own: what the neighbours draw changes nothing."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from generators.backends.language.decoding.script import Tokens

BROKEN: Final = -1


@dataclass(frozen=True, slots=True)
class Taste:
    """How boldly to draw: see TransformersSettings."""

    temperature: float
    top_p: float
    top_k: int


def draw(
    logits: torch.Tensor, allowed: Sequence[Tokens], dice: Sequence[random.Random], taste: Taste
) -> list[int]:
    """One allowed token a row.

    Args:
        logits: float (rows, vocabulary), on any device; read only.
        allowed: token ids of each row, never empty; one id is taken without throwing dice.
    Returns: BROKEN for a row whose logits are not numbers.
    """
    mask = torch.zeros(logits.shape, dtype=torch.bool)
    for row, ids in enumerate(allowed):
        mask[row, torch.from_numpy(ids)] = True
    scores = logits.float().masked_fill(~mask.to(logits.device), -torch.inf)
    best = torch.topk(scores, min(taste.top_k, scores.shape[1]), dim=1)
    values, ids = best.values.double().cpu().numpy(), best.indices.cpu().numpy()
    return [
        int(allowed[row][0]) if allowed[row].size == 1 else _pick(values[row], ids[row], dice[row], taste)
        for row in range(len(allowed))
    ]


def _pick(values: NDArray[np.float64], ids: NDArray[np.int64], dice: random.Random, taste: Taste) -> int:
    """values: the best logits, descending, -inf for what is not allowed."""
    if not np.isfinite(values[0]):
        return BROKEN
    weights = np.exp((values - values[0]) / taste.temperature)
    share = np.cumsum(weights / weights.sum())
    kept = int(np.searchsorted(share, taste.top_p)) + 1
    point = dice.random() * share[min(kept, len(share)) - 1]
    return int(ids[min(int(np.searchsorted(share, point, side="right")), kept - 1, len(ids) - 1)])

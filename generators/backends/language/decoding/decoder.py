"""The decoding loop: rows of a batch go through the network together and are written each for itself.

`generate()` of the library draws a whole batch from one stream of random numbers, so a work would change with
its neighbours, and cannot stop one row; this loop keeps a die, a script and an end for every row.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from transformers import PreTrainedModel

from generators.backends.language.decoding.line import DeadEndError
from generators.backends.language.decoding.sampling import BROKEN, Taste, draw
from generators.backends.language.decoding.script import Script, Tokens


@dataclass(slots=True)
class Row:
    """One answer of a batch.

    most_tokens: of the answer; the row breaks when its script wants more.
    problem: why it broke; "" while it has not.
    """

    prompt: Sequence[int]
    script: Script
    dice: random.Random
    most_tokens: int
    problem: str = ""
    tokens: list[int] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.script.is_done or bool(self.problem)

    def choices(self) -> Tokens | None:
        """What may come next; None when the row broke."""
        try:
            return self.script.next_tokens()
        except DeadEndError as error:
            self.problem = str(error)
            return None

    def take(self, token: int) -> None:
        if token == BROKEN:
            self.problem = "the network's answer is not a number"
            return
        self.tokens.append(token)
        try:
            self.script.feed(token)
        except DeadEndError as error:
            self.problem = str(error)
        if not self.is_over and len(self.tokens) >= self.most_tokens:
            self.problem = f"not finished after {len(self.tokens)} tokens"


class Decoder:
    """Runs batches through one network.

    In float32 a row of a batch equals the row alone; in half precision a device may round differently for
    another batch size, and two tokens that are as good as equal may then change places.
    """

    def __init__(self, model: PreTrainedModel, taste: Taste) -> None:
        self._model = model
        self._taste = taste

    @torch.inference_mode()
    def run(self, rows: Sequence[Row]) -> None:
        """Until every row is over. Rows that are over leave the batch.

        Raises: torch.OutOfMemoryError and RuntimeError of the device.
        """
        if not rows:
            return
        live = list(rows)
        device = self._model.device
        ids, mask = (tensor.to(device) for tensor in _pad_left([row.prompt for row in live]))
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        cache = None
        while live:
            out = self._model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                cache=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache = out.cache
            kept = self._advance(live, out.logits[:, -1])
            if not kept:
                return
            if len(kept) < len(live):
                live = [live[i] for i in kept]
                index = torch.tensor(kept, device=device)
                mask, positions = mask[index], positions[index]
                cache.batch_select_indices(index)
            ids = torch.tensor([[row.tokens[-1]] for row in live], device=device)
            mask = torch.cat([mask, mask.new_ones(len(live), 1)], dim=1)
            positions = positions[:, -1:] + 1

    def _advance(self, live: Sequence[Row], logits: torch.Tensor) -> list[int]:
        """Give each row its next token; the indices of the rows that go on."""
        choices = [row.choices() for row in live]
        asked = [i for i, choice in enumerate(choices) if choice is not None]
        allowed = [choice for choice in choices if choice is not None]
        if allowed:
            drawn = draw(logits[asked], allowed, [live[i].dice for i in asked], self._taste)
            for i, token in zip(asked, drawn, strict=True):
                live[i].take(token)
        return [i for i, row in enumerate(live) if not row.is_over]


def _pad_left(prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and a mask, (rows, longest); what is padded is masked, so its id does not matter."""
    longest = max(map(len, prompts))
    ids = torch.zeros((len(prompts), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.tensor(prompt, dtype=torch.long)
        mask[row, longest - len(prompt) :] = 1
    return ids, mask

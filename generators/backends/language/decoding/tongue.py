"""A tokenizer as the decoder needs it: texts to tokens in their place, never a special one by accident."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase


class Tongue:
    """Texts to tokens for one model."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer

    def in_place(self, text: str, after: str) -> list[int]:
        """The tokens of a text that follows another, however they may merge."""
        return self.all_in_place([text], after)[0] or self._encode(text)

    def all_in_place(self, texts: Sequence[str], after: str) -> list[list[int]]:
        """The same for many at once, about 10 µs each; [] for what this vocabulary cannot write there.

        Tokenizers treat the first word of a text differently, hence `after`.
        """
        if not texts:
            return []
        anchor = self._encode(after)
        found = self._tokenizer(
            [after + text for text in texts], add_special_tokens=False, split_special_tokens=True
        )["input_ids"]
        unknown = self._tokenizer.unk_token_id
        return [
            list(ids[len(anchor) :]) if ids[: len(anchor)] == anchor and unknown not in ids else []
            for ids in found
        ]

    def prompt(self, system: str, user: str) -> list[int]:
        """A conversation up to where the answer begins.

        A tokenizer without a template gets the plain text; a template that knows no system role, one message.
        Special tokens inside the user's text are taken out: they would end their message.
        """
        user = self._without_specials(user)
        if not self._tokenizer.chat_template:
            return list(self._tokenizer(f"{system}\n\n{user}\n\n")["input_ids"])
        try:
            text = self._template([{"role": "system", "content": system}, {"role": "user", "content": user}])
        except Exception:  # a template refuses a role in whatever way its author chose
            text = self._template([{"role": "user", "content": f"{system}\n\n{user}"}])
        return self._encode(text, split=False)

    def read(self, tokens: Sequence[int]) -> str:
        """What the tokens say, special ones left out."""
        return str(
            self._tokenizer.decode(list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        )

    @cached_property
    def vocabulary(self) -> Mapping[int, str]:
        """What each ordinary token says by itself; pieces of characters are left out."""
        special = set(self._tokenizer.added_tokens_decoder)
        ids = [token for token in range(len(self._tokenizer)) if token not in special]
        texts: Iterable[str] = self._tokenizer.batch_decode([[token] for token in ids])
        return {token: text for token, text in zip(ids, texts, strict=True) if text and "\ufffd" not in text}

    @cached_property
    def writable(self) -> NDArray[np.int64]:
        """Every token that a free answer may hold: all but the special ones, and those that end it."""
        special = set(self._tokenizer.added_tokens_decoder) - self.ends
        return np.array([token for token in range(len(self._tokenizer)) if token not in special], np.int64)

    @cached_property
    def ends(self) -> frozenset[int]:
        """Tokens that end an answer."""
        names = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "</s>", "<|endoftext|>")
        known = self._tokenizer.get_vocab()
        own = self._tokenizer.eos_token_id
        return frozenset(
            [known[name] for name in names if name in known] + ([own] if own is not None else [])
        )

    def _template(self, messages: list[dict[str, str]]) -> str:
        made = self._tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return str(made)

    def _encode(self, text: str, *, split: bool = True) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False, split_special_tokens=split)["input_ids"])

    def _without_specials(self, text: str) -> str:
        """Until none is left, since taking one out can put another together."""
        specials = [
            str(token) for token in self._tokenizer.added_tokens_decoder.values() if str(token).strip()
        ]
        while found := [special for special in specials if special in text]:
            for special in found:
                text = text.replace(special, " ")
        return text

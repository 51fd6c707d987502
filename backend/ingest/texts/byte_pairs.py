"""Byte-pair vocabulary of a text: 256 bytes, and the pairs that its training part has most often.

Text is bytes here, each as one character of Latin-1, so that any piece of any script can be written, and the
tokens of a piece are its bytes again. No token reaches over a space or a line end into the next word.
The vocabulary follows from the training part and the size asked for alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.errors import InvalidInput

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NUM_BYTES = 256
MAX_VOCABULARY = 16_384
# A text is tokenised in pieces: a token keeps its place and its text besides its number.
_PIECE_BYTES = 1 << 18
_WORDS = r" ?[^ \n\t]+|[ \n\t]+"


@dataclass(frozen=True, slots=True)
class BytePairs:
    """A trained vocabulary.

    Attributes:
        tokens: the bytes of each token.
    """

    tokens: tuple[bytes, ...]
    _tokenizer: Tokenizer

    @classmethod
    def of(cls, texts: Sequence[bytes], size: int) -> BytePairs:
        """Train a vocabulary of at most `size` tokens; raises InvalidInput where `tokenizers` is missing."""
        try:
            from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers
        except ImportError as error:
            raise InvalidInput("dataset.no_byte_pairs", package="tokenizers") from error
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_WORDS), "isolated")
        alphabet = [chr(byte) for byte in range(NUM_BYTES)]
        trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
        tokenizer.train_from_iterator((piece for text in texts for piece in _pieces(text)), trainer)
        by_number = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
        return cls(tuple(token.encode("latin-1") for token, _ in by_number), tokenizer)

    def numbers(self, text: bytes) -> Array:
        """Return the tokens of a text, [n]."""
        found = [np.asarray(self._tokenizer.encode(piece).ids, np.int32) for piece in _pieces(text)]
        return np.concatenate(found) if found else np.empty(0, np.int32)


def _pieces(text: bytes) -> Iterator[str]:
    for start in range(0, len(text), _PIECE_BYTES):
        yield text[start : start + _PIECE_BYTES].decode("latin-1")

"""An LSTM that predicts the next token of a made-up sequence. Put it into the folder MUSCOPE_MODELS."""

import torch
from torch import nn

sizes = (8, 16, 32, 64)
VOCABULARY, LENGTH = 11, 12


class Lstm(nn.Module):
    """Embedding, one recurrent layer, readout."""

    def __init__(self, width):
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, width)
        self.cell = nn.LSTM(width, width, batch_first=True)
        self.head = nn.Linear(width, VOCABULARY, bias=False)

    def forward(self, tokens):
        """Return the logits of every next token."""
        return self.head(self.cell(self.embed(tokens))[0])


def build(width):
    """Return the model of a width."""
    return Lstm(width)


def batches(split, seed):
    """Yield batches of tokens, each the sum of the two before it."""
    drawn = torch.Generator().manual_seed(2 * seed + (split == "val"))
    for _ in range(8):
        tokens = torch.randint(0, VOCABULARY, (16, LENGTH + 1), generator=drawn)
        for at in range(2, LENGTH + 1):
            tokens[:, at] = (tokens[:, at - 1] + tokens[:, at - 2]) % VOCABULARY
        yield tokens[:, :-1], tokens[:, 1:]

"""A U-Net that removes noise, with a loss of its own. Put it into the folder MUSCOPE_MODELS."""

import torch
from torch import nn
from torch.nn.functional import interpolate, mse_loss

sizes = (8, 16, 32, 64)
SIDE = 8


class UNet(nn.Module):
    """One step down, one up, and a connection past both."""

    def __init__(self, width):
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, padding=1, bias=False)
        self.down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=False)
        self.up = nn.Conv2d(2 * width, width, 3, padding=1, bias=False)
        self.head = nn.Conv2d(width, 1, 1, bias=False)

    def forward(self, x):
        """Return the image without its noise."""
        fine = torch.relu(self.stem(x))
        coarse = torch.relu(self.down(fine))
        return self.head(fine + torch.relu(self.up(interpolate(coarse, scale_factor=2.0))))


def build(width):
    """Return the model of a width."""
    return UNet(width)


def loss(model, batch):
    """Return the mean squared error against the clean image."""
    return mse_loss(model(batch["noisy"]), batch["clean"])


def batches(split, seed):
    """Yield waves, clean and with noise."""
    drawn = torch.Generator().manual_seed(2 * seed + (split == "val"))
    row = torch.arange(SIDE).float()
    for _ in range(8):
        phase = 6.28 * torch.rand(16, 1, 1, 1, generator=drawn)
        clean = torch.sin(row[:, None] + phase).expand(16, 1, SIDE, SIDE)
        yield {"noisy": clean + 0.3 * torch.randn(clean.shape, generator=drawn), "clean": clean}

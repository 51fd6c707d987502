"""The two-layer convolutional net against torch's own convolutions, and its hand-written derivatives against
automatic ones, on images of many sizes: what it reads of an image depends on them.
"""

import pytest
import torch

from muscope.backend.domain.spec.dataset import DataDims, ImageShape
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.convnet import HIDDEN, ConvNet
from muscope.backend.domain.spec.families.residual_mlp import INPUT, OUTPUT
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scaling.scaling_table import scaling_table
from muscope.worker.numerics.derivatives import Autograd
from muscope.worker.numerics.linalg.operators import flatten
from muscope.worker.numerics.network import Network, init
from muscope.worker.numerics.networks.convnet.derivatives import HandWrittenConvNet
from muscope.worker.numerics.networks.convnet.forward import apply_convnet
from tests import cases

WIDTH, OUTPUTS, EXAMPLES = 6, 3, 5
IMAGES = [(4, 4, 1), (5, 9, 2), (8, 8, 1), (16, 16, 3), (20, 16, 1), (32, 32, 3), (33, 40, 1)]
every_image = pytest.mark.parametrize("image", IMAGES, ids=str)


def _problem(image, dtype=torch.float64):
    shape = ImageShape(height=image[0], width=image[1], channels=image[2])
    dims = DataDims(shape.num_features, OUTPUTS, shape)
    scaling = scaling_table(
        Parametrization.MUP,
        dims=dims,
        width=WIDTH,
        depth=1,
        base_width=2,
        model=ConvNet(),
    )
    network = Network(scaling, 1, 1.0, ConvNet(), dims)
    shapes = {name: tensor.shape for name, tensor in ConvNet().tensors(dims, WIDTH, 1).items()}
    params = init(shapes, scaling, spec_seed=0, seeds=(0, 1), dtype=dtype)
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(EXAMPLES, dims.num_features, generator=generator, dtype=dtype)
    x[0] = 0.7  # one colour: members of a pool are equal
    y = torch.nn.functional.one_hot(torch.arange(EXAMPLES) % OUTPUTS, OUTPUTS).to(dtype)
    return network, params, x, y


def _vectors(params):
    generator = torch.Generator().manual_seed(4)
    like = flatten(params)
    return torch.randn(like.shape, generator=generator, dtype=like.dtype)


def _both(problem, loss):
    network, params, x, y = problem
    x_RBD = x.expand(2, -1, -1)
    sides = []
    for derivatives in (HandWrittenConvNet(), Autograd(apply_convnet)):
        loss_R, gradients = derivatives.loss_and_gradients(network, params, x_RBD, y, loss)
        product_RP = derivatives.curvature(network, params, x_RBD, y, loss).matvec(_vectors(params))
        sides.append((loss_R, flatten({name: gradients[name] for name in params}), product_RP))
    return zip(*sides, strict=True)


@every_image
def test_outputs_equal_those_of_torchs_convolutions(image):
    network, params, x, _ = _problem(image)
    height, width, channels = image

    f_RBC = apply_convnet(network, params, x.expand(2, -1, -1))

    for run in range(2):
        kernels = {}
        for name, n_in in ((INPUT, channels), (HIDDEN, WIDTH)):
            weight = params[name][run] * network.scaling[name].forward_mult
            kernels[name] = weight.view(3, 3, n_in, WIDTH).permute(3, 2, 0, 1)
        h = x.view(-1, height, width, channels).permute(0, 3, 1, 2)
        for name, stride in ((INPUT, 2), (HIDDEN, 4)):
            h = torch.relu(torch.nn.functional.conv2d(h, kernels[name], stride=stride, padding=1))
            h = torch.nn.functional.max_pool2d(h, [min(2, side) for side in h.shape[2:]])
        readout = params[OUTPUT][run] * network.scaling[OUTPUT].forward_mult
        expected = h.permute(0, 2, 3, 1).flatten(1) @ readout
        torch.testing.assert_close(f_RBC[run], expected, rtol=1e-12, atol=1e-12)


@every_image
@pytest.mark.parametrize("loss", cases.LOSSES)
def test_hand_written_derivatives_equal_automatic_ones_in_float64(image, loss):
    for hand_written, automatic in _both(_problem(image), loss):
        torch.testing.assert_close(hand_written, automatic, rtol=1e-10, atol=1e-12)


@every_image
def test_hand_written_derivatives_equal_automatic_ones_in_float32(image):
    for hand_written, automatic in _both(_problem(image, torch.float32), Loss.CROSS_ENTROPY):
        scale = float(automatic.abs().max())
        torch.testing.assert_close(hand_written, automatic, rtol=1e-5, atol=1e-5 * scale)


def test_runs_with_different_batches_are_differentiated_like_automatically():
    network, params, x, y = _problem((16, 16, 3))
    x_RBD, y_RBC = torch.stack([x, x.flip(0)]), torch.stack([y, y.roll(1, 0)])

    loss_R, gradients = HandWrittenConvNet().loss_and_gradients(
        network, params, x_RBD, y_RBC, Loss.CROSS_ENTROPY
    )
    oracle_R, oracle = Autograd(apply_convnet).loss_and_gradients(
        network, params, x_RBD, y_RBC, Loss.CROSS_ENTROPY
    )

    torch.testing.assert_close(loss_R, oracle_R, rtol=1e-12, atol=0)
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, oracle[name], rtol=1e-10, atol=1e-12)

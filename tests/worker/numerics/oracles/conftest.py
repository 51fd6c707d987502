import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread():
    """Use one thread: on tensors this small, several threads are slower."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)

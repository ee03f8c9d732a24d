import pytest
import torch

from acdepth.core.condition import Condition
from acdepth.world import prepare

SIZE = (48, 80)
TOWN = 3


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def drive():
    return prepare(TOWN, 4, SIZE)


@pytest.fixture(scope="session")
def frame(drive):
    """Frame 1 of a small town in every condition."""
    return drive.frame(1, list(Condition))

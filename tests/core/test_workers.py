"""Processes that work for one."""

import os

import pytest

from acdepth.core.errors import UserError
from acdepth.core.workers import worker_pool


def test_a_worker_that_is_killed_is_one_line():
    told = r"^a worker process ended early; is there memory enough\? Then start again$"
    with pytest.raises(UserError, match=told), worker_pool(1) as pool:
        pool.submit(os._exit, 9).result()

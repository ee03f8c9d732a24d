"""A few of many are evenly spread."""

from acdepth.core.spread import spread


def test_each_stands_in_the_middle_of_its_stretch():
    assert spread(list(range(10)), 2) == [2, 7]
    assert spread(range(100), 4) == [12, 37, 62, 87]


def test_never_more_than_there_are():
    assert spread([4, 5], 9) == [4, 5] and spread(range(3), 9) == [0, 1, 2] and spread([], 3) == []

"""Batches side by side: in order, without gradients, with torch's threads as they were."""

import threading

import pytest
import torch

from xlner.tagger.parallel import in_order

CPU = torch.device("cpu")


@pytest.fixture(params=[1, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_results_come_in_order_and_threads_are_given_back(threads):
    weights = torch.randn(8, 8, requires_grad=True)
    inputs = [torch.full((n % 5 + 1, 8), float(n)) for n in range(40)]
    made = list(in_order(lambda x: x @ weights, inputs, CPU))
    assert all(torch.allclose(y, x @ weights) for x, y in zip(inputs, made, strict=True))
    assert not any(y.requires_grad for y in made)
    assert torch.get_num_threads() == threads


def test_an_error_in_one_batch_reaches_the_caller(threads):
    def work(n):
        if n == 3:
            raise ValueError("batch three")
        return n

    with pytest.raises(ValueError, match="batch three"):
        list(in_order(work, range(9), CPU))
    assert torch.get_num_threads() == threads


def test_who_stops_early_gets_the_threads_back(threads):
    made = in_order(lambda n: n, list(range(9)), CPU)
    assert next(made) == 0
    made.close()
    assert torch.get_num_threads() == threads


def test_no_batch_gives_nothing(threads):
    assert list(in_order(lambda n: n, [], CPU)) == []


def test_several_batches_run_at_a_time():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    together = threading.Barrier(2, timeout=30)
    try:
        list(in_order(lambda _: together.wait(), [0, 1, 2, 3], CPU))
    finally:
        torch.set_num_threads(before)

"""Requests that wait share a batch; each gets its own answer."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from xlner.core.types import Sentence
from xlner.serve.batching import Job, Lane
from xlner.serve.models import _batch
from xlner.serve.problems import Refusal


def job(*words, cost=1):
    return Job([Sentence((word,)) for word in words], [cost] * len(words))


class Tag:
    """Gives sentences back, and remembers batches. It waits before each until it may go on."""

    def __init__(self, *, wait=False, fail_at=None):
        self.batches, self.fail_at = [], fail_at
        self.may = threading.Semaphore(0 if wait else 10_000)
        self.begun = threading.Semaphore(0)

    def __call__(self, sentences):
        self.batches.append([s.words[0] for s in sentences])
        self.begun.release()
        assert self.may.acquire(timeout=10)
        if self.fail_at in self.batches[-1]:
            raise ValueError(self.fail_at)
        return list(sentences)


@pytest.fixture
def lane():
    made = []

    def make(tag, *, budget=4, most=8, gather=0.0):
        made.append((tag, Lane("test", tag, budget=budget, gather_seconds=gather, most=most)))
        return made[-1][1]

    yield make
    for tag, one in made:
        tag.may.release(1000)
        one.close()


def words_of(future):
    return [s.words[0] for s in future.result(10)]


def test_all_cores_of_a_cpu_have_work(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "16")
    assert _batch(SimpleNamespace(side_by_side=True, batch_subwords=512)) == 16 * 512
    assert _batch(SimpleNamespace(side_by_side=True, batch_subwords=1)) == 2048
    assert _batch(SimpleNamespace(side_by_side=False, batch_subwords=16384)) == 2 * 16384


def test_requests_that_wait_share_batches_within_the_budget(lane):
    tag = Tag(wait=True)
    one = lane(tag)
    futures = [one.put(job("a"))]
    tag.begun.acquire()
    futures += [one.put(j) for j in (job("b", "c"), job("d", "e"), job("f"), job("g", "h", "i"))]
    tag.may.release(100)
    assert [words_of(f) for f in futures] == [["a"], ["b", "c"], ["d", "e"], ["f"], ["g", "h", "i"]]
    assert tag.batches == [["a"], ["f", "b", "c", "d"], ["e", "g", "h", "i"]]  # those with the least left go first


def test_short_requests_do_not_wait_behind_a_long_one_and_it_gets_on(lane):
    tag = Tag(wait=True)
    one = lane(tag, most=99)
    long = one.put(job(*"abcdefghijklmnopqrst"))
    tag.begun.acquire()
    short = [one.put(job(str(n))) for n in range(8)]
    for _ in range(4):
        tag.may.release()
        tag.begun.acquire()
    assert tag.batches[1:] == [["0", "1", "e", "f"], ["2", "3", "g", "h"], ["4", "5", "i", "j"], ["6", "7", "k", "l"]]
    tag.may.release(100)
    assert [words_of(f) for f in short] == [[str(n)] for n in range(8)]
    assert words_of(long) == list("abcdefghijklmnopqrst")


def test_a_batch_takes_no_longer_than_a_moment(lane):
    def slow(sentences):
        time.sleep(0.001 * len(sentences))  # a thousand subwords a second
        batches.append(len(sentences))
        return list(sentences)

    batches = []
    one = Lane("slow", slow, budget=10_000, gather_seconds=0, most=9, batch_seconds=0.1)
    words_of(one.put(job(*"x" * 500)))
    one.close()
    assert max(batches) <= 130
    assert len(batches) <= 9


def test_the_first_waits_a_moment_for_others(lane):
    tag = Tag()
    one = lane(tag, gather=5.0)
    futures = [one.put(job("a")), one.put(job("b", "c")), one.put(job("d"))]  # full now, so nobody waits longer
    assert [words_of(f) for f in futures] == [["a"], ["b", "c"], ["d"]]
    assert tag.batches == [["a", "d", "b", "c"]]


def test_a_job_beyond_the_budget_goes_through_in_pieces(lane):
    tag = Tag()
    future = lane(tag).put(job(*"abcdefghi"))
    assert words_of(future) == list("abcdefghi")
    assert [len(batch) for batch in tag.batches] == [4, 4, 1]


def test_a_sentence_beyond_the_budget_is_a_piece(lane):
    tag = Tag()
    assert words_of(lane(tag).put(job("a", "b", cost=9))) == ["a", "b"]
    assert tag.batches == [["a"], ["b"]]


def test_a_job_that_was_given_up_is_not_tagged(lane):
    tag = Tag(wait=True)
    one = lane(tag)
    first = one.put(job(*"abcdefghi"))
    tag.begun.acquire()
    second, third = one.put(job("x")), one.put(job("y"))
    assert first.cancel()
    assert second.cancel()
    tag.may.release(100)
    assert words_of(third) == ["y"]
    assert tag.batches == [["a", "b", "c", "d"], ["y"]]


def test_one_bad_job_does_not_spoil_the_others_of_its_batch(lane):
    tag = Tag(wait=True, fail_at="bad")
    one = lane(tag)
    first = one.put(job("a"))
    tag.begun.acquire()
    futures = [one.put(job("b")), one.put(job("bad")), one.put(job("c"))]
    tag.may.release(100)
    assert words_of(first) == ["a"]
    with pytest.raises(ValueError, match="bad"):
        futures[1].result(10)
    assert [words_of(futures[i]) for i in (0, 2)] == [["b"], ["c"]]


def test_a_full_queue_says_when_to_come_again(lane):
    tag = Tag(wait=True)
    one = lane(tag, most=2)
    first = one.put(job("a"))
    tag.begun.acquire()
    waiting = [one.put(job("b")), one.put(job("c"))]
    with pytest.raises(Refusal, match="2 requests are waiting already; try again in 1 s") as refused:
        one.put(job("d"))
    assert refused.value.status == 503
    assert refused.value.headers == {"Retry-After": "1"}
    tag.may.release(100)
    assert [words_of(f) for f in (first, *waiting)] == [["a"], ["b"], ["c"]]


class Clock(Tag):
    """Takes a hundredth of a second for each sentence, once it may go on."""

    def __call__(self, sentences):
        time.sleep(0.01 * len(sentences))
        return super().__call__(sentences)


@pytest.fixture
def timed():
    """A lane that tags 64 subwords in a hundredth of a second, and promises answers within one."""
    tag = Clock(wait=True)
    one = Lane("timed", tag, budget=64, gather_seconds=0, most=99, most_seconds=1.0)
    yield tag, one
    tag.may.release(1000)
    one.close()


def test_what_cannot_be_done_in_time_is_refused_at_once(timed):
    tag, one = timed
    tag.may.release(20)
    words_of(one.put(job(*"first" * 4, cost=64)))
    large = one.put(job(*"x" * 80, cost=64))
    with pytest.raises(Refusal, match=r"what waits takes another \d s, .* not be done within 1 s; try again in \d s"):
        one.put(job(*"y" * 80, cost=64))
    small = one.put(job("z", cost=64))  # goes before the large one
    tag.may.release(100)
    assert words_of(small) == ["z"]
    assert len(words_of(large)) == 80


def test_a_machine_whose_speed_is_not_known_refuses_nothing(timed):
    tag, one = timed
    futures = [one.put(job(*"x" * 60, cost=64)) for _ in range(2)]
    tag.may.release(200)
    assert [len(words_of(f)) for f in futures] == [60, 60]


def test_a_large_job_with_nothing_before_it_is_tried(timed):
    tag, one = timed
    tag.may.release(500)
    words_of(one.put(job(*"first" * 4, cost=64)))
    assert len(words_of(one.put(job(*"x" * 150, cost=64)))) == 150


def test_tiny_batches_do_not_tell_how_fast_large_ones_are(timed):
    tag, one = timed
    tag.may.release(500)
    for _ in range(10):
        words_of(one.put(job("x", cost=1)))  # a hundred subwords a second
    futures = [one.put(job(*"x" * 20, cost=64)) for _ in range(2)]
    assert [len(words_of(f)) for f in futures] == [20, 20]


def test_a_lane_that_closes_answers_what_waits():
    tag = Tag(wait=True)
    one = Lane("test", tag, budget=2, gather_seconds=5.0, most=50)
    futures = [one.put(job(str(i))) for i in range(9)]
    tag.may.release(100)
    one.close()
    assert [words_of(f) for f in futures] == [[str(i)] for i in range(9)]
    with pytest.raises(Refusal):
        one.put(job("late"))

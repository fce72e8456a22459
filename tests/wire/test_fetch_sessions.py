"""Incremental fetch sessions (KIP-227): what they wait for, what they name, and which session and epoch are refused."""

import time

import pytest

from lib.batch import Batch, read_batches
from .test_fetch import append, request

FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH = 70, 71


def ask(connection, topic, **fields):
    return connection.ask("Fetch", 12, **request(topic, **fields))


def rows(answer) -> dict[int, object]:
    return {row.partition_index: row for response in answer.responses for row in response.partitions}


def open_session(connection, topic) -> int:
    """A session over both partitions, at the end of each."""
    answer = ask(connection, topic, offset=1, partitions=(0, 1), session_epoch=0, max_wait_ms=0)
    assert answer.error_code == 0 and answer.session_id > 0
    assert sorted(rows(answer)) == [0, 1], "the first answer names everything"
    return answer.session_id


@pytest.fixture
def topic(connection, make_topic):
    name = make_topic(partitions=2)
    for partition in range(2):
        append(connection, name, Batch([b"first"]), partition=partition)
    return name


def again(connection, topic, session_id: int, epoch: int, **fields):
    fields = {"topics": [], "session_id": session_id, "session_epoch": epoch} | fields
    return connection.ask("Fetch", 12, **request(topic, **fields))


def test_without_news_it_waits_and_names_nothing(connection, topic):
    session_id = open_session(connection, topic)
    started = time.monotonic()
    answer = again(connection, topic, session_id, 1, max_wait_ms=700, min_bytes=1)
    assert (answer.error_code, answer.session_id, rows(answer)) == (0, session_id, {})
    assert 0.6 < time.monotonic() - started < 5


def test_with_news_it_names_only_them(connection, topic):
    session_id = open_session(connection, topic)
    append(connection, topic, Batch([b"second"]), partition=1)
    answer = again(connection, topic, session_id, 1, max_wait_ms=5000)
    assert list(rows(answer)) == [1]
    assert [batch.base_offset for batch in read_batches(rows(answer)[1].records)] == [1]


def test_it_waits_for_the_wanted_bytes(connection, topic):
    session_id = open_session(connection, topic)
    append(connection, topic, Batch([b"second"]), partition=1)
    started = time.monotonic()
    answer = again(connection, topic, session_id, 1, max_wait_ms=700, min_bytes=100_000)
    assert list(rows(answer)) == [1], "what there is when the time is over"
    assert time.monotonic() - started > 0.6


def test_a_forgotten_partition_is_not_named_again(connection, topic):
    session_id = open_session(connection, topic)
    forgotten = [{"topic": topic, "partitions": [1]}]
    assert again(connection, topic, session_id, 1, forgotten_topics_data=forgotten, max_wait_ms=0).error_code == 0
    append(connection, topic, Batch([b"second"]), partition=0)
    append(connection, topic, Batch([b"second"]), partition=1)
    assert list(rows(again(connection, topic, session_id, 2, max_wait_ms=5000))) == [0]


def test_unknown_sessions_and_wrong_epochs_are_refused(connection, topic):
    session_id = open_session(connection, topic)
    unknown = again(connection, topic, session_id ^ 0x5555, 1)
    assert (unknown.error_code, unknown.responses) == (FETCH_SESSION_ID_NOT_FOUND, [])
    assert again(connection, topic, session_id, 5).error_code == INVALID_FETCH_SESSION_EPOCH
    closing = ask(connection, topic, offset=1, session_id=session_id, session_epoch=-1, max_wait_ms=0)
    assert (closing.error_code, closing.session_id) == (0, 0)
    assert again(connection, topic, session_id, 1).error_code == FETCH_SESSION_ID_NOT_FOUND

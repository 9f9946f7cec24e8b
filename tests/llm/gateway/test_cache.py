"""The cache of answers: what is found again, what never is, and what a bad file says."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from retailsim.agents.llm.gateway.answer_cache import (
    AnswerCache,
    CacheMiss,
    CacheUnusable,
    Question,
)
from retailsim.agents.llm.types import ModelAnswer, Usage

ANSWER = ModelAnswer(text="yes", finish="stop", usage=Usage(input=10, output=2), cost_nanousd=7)
ASKED = Question(scope="1 e seller:s answer 0", address="http://x/v1", body=b'{"say": "hello"}')


def changed(**fields: object) -> Question:
    kept = {name: getattr(ASKED, name) for name in ASKED.__struct_fields__}
    return Question(**{**kept, **fields})


def test_an_answer_is_found_again_after_the_file_was_closed(tmp_path: Path) -> None:
    with AnswerCache(tmp_path / "c.db") as cache:
        assert cache.find(ASKED) is None
        assert cache.keep(ASKED, ANSWER) is None
    with AnswerCache(tmp_path / "c.db") as cache:
        assert cache.find(ASKED) == ANSWER


@pytest.mark.parametrize(
    "other",
    [
        changed(scope="1 e seller:s answer 1"),
        changed(scope="2 e seller:s answer 0"),
        changed(address="http://y/v1"),
        changed(body=b'{"say": "hallo"}'),
        changed(scope="1 e seller:s answer 0http://x", address="/v1"),
    ],
)
def test_another_sample_address_or_request_is_another_answer(
    other: Question, tmp_path: Path
) -> None:
    with AnswerCache(tmp_path / "c.db") as cache:
        cache.keep(ASKED, ANSWER)
        assert cache.find(other) is None


def test_the_first_answer_stays(tmp_path: Path) -> None:
    with AnswerCache(tmp_path / "c.db") as cache:
        cache.keep(ASKED, ANSWER)
        cache.keep(ASKED, ModelAnswer(text="no", finish="stop", usage=Usage()))
        assert cache.find(ASKED) == ANSWER


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (changed(body=b'{"say": "hello there"}'), "differs from what was at byte 14"),
        (changed(address="http://y/v1"), "the same was asked at http://x/v1, now at http://y/v1"),
        (changed(scope="1 f seller:s answer 0"), "none of its 1 answers is for that call"),
    ],
)
def test_a_miss_names_the_nearest_difference(asked: Question, said: str, tmp_path: Path) -> None:
    with AnswerCache(tmp_path / "c.db") as cache:
        cache.keep(ASKED, ANSWER)
    with AnswerCache(tmp_path / "c.db", only=True) as cache:
        assert cache.find(ASKED) == ANSWER
        with pytest.raises(CacheMiss) as caught:
            cache.find(asked)
    assert said in str(caught.value)
    assert asked.scope in str(caught.value)


@pytest.mark.parametrize("place", [0, 1, 2, 3, 7, 14, 20, 21, 39])
def test_a_difference_is_found_at_its_very_byte(place: int, tmp_path: Path) -> None:
    kept = bytes(range(65, 105))
    asked = kept[:place] + b"!" + kept[place + 1 :]
    with AnswerCache(tmp_path / "c.db") as cache:
        cache.keep(changed(body=kept), ANSWER)
    with AnswerCache(tmp_path / "c.db", only=True) as cache, pytest.raises(CacheMiss) as caught:
        cache.find(changed(body=asked))
    assert f"differs from what was at byte {place}: " in str(caught.value)


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to look like one" * 100)
    with pytest.raises(CacheUnusable, match="it is not a cache of answers"):
        AnswerCache(path)
    assert path.read_text().startswith("not a database")
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as base:
        base.execute("CREATE TABLE mine (x)")
    base.close()
    with pytest.raises(CacheUnusable, match="a database of another kind"):
        AnswerCache(other)


def test_a_refused_file_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def watched(path: Path, *, timeout: float, isolation_level: None) -> sqlite3.Connection:
        opened.append(connect(path, timeout=timeout, isolation_level=isolation_level))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", watched)
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to look like one" * 100)
    with pytest.raises(CacheUnusable):
        AnswerCache(path)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CacheUnusable, match="nowhere"):
        AnswerCache(tmp_path / "nowhere" / "c.db")


def test_where_nothing_new_may_be_asked_no_empty_file_is_made(tmp_path: Path) -> None:
    with pytest.raises(CacheUnusable, match="there is no such file"):
        AnswerCache(tmp_path / "c.db", only=True)
    assert not list(tmp_path.iterdir())


def test_a_file_that_can_no_longer_be_written_loses_no_answer(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "c.db")
    with cache:
        cache.keep(ASKED, ANSWER)
    assert cache.keep(ASKED, ANSWER) is not None


def test_several_may_write_at_once(tmp_path: Path) -> None:
    def fill(writer: int) -> None:
        with AnswerCache(tmp_path / "c.db") as cache:
            for number in range(50):
                assert cache.keep(changed(scope=f"{writer} {number}"), ANSWER) is None

    with AnswerCache(tmp_path / "c.db"):
        threads = [threading.Thread(target=fill, args=(writer,)) for writer in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with AnswerCache(tmp_path / "c.db", only=True) as cache:
        for writer in range(4):
            for number in range(50):
                assert cache.find(changed(scope=f"{writer} {number}")) == ANSWER

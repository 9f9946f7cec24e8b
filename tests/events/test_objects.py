"""Objects of a store: what is put is there, what was there first stays, what fails is said."""

from __future__ import annotations

from typing import Any

import pytest

from retailsim.events.errors import StoreFailed
from retailsim.events.object_store import Objects, is_address

obstore = pytest.importorskip("obstore", reason="the extra `store` is not installed")


@pytest.fixture
def objects() -> Objects:
    """A store in memory under an address of S3."""
    from obstore.store import MemoryStore

    found = Objects("s3://bucket/runs/")
    found.__dict__["_store"] = MemoryStore()
    return found


def test_an_object_is_read_as_it_was_put_whole_or_in_part(objects: Objects) -> None:
    objects.put("a/one", b"0123456789")
    assert objects.read("a/one") == b"0123456789"
    assert objects.read_range("a/one", 2, 5) == b"234"
    objects.put("a/one", b"new")
    assert objects.read("a/one") == b"new"
    assert objects.read("a/none") is None


def test_what_was_put_first_stays(objects: Objects) -> None:
    objects.put_new("plan", b"first")
    objects.put_new("plan", b"second")
    assert objects.read("plan") == b"first"


def test_objects_are_listed_with_their_sizes_copied_and_removed(objects: Objects) -> None:
    objects.put("b/two", b"22")
    objects.put("a/one", b"1")
    objects.copy("b/two", "a/three")
    assert objects.sizes() == {"a/one": 1, "a/three": 2, "b/two": 2}
    assert objects.sizes("a") == {"a/one": 1, "a/three": 2}
    objects.remove(["a/one", "a/gone", "a/three"])
    assert objects.sizes() == {"b/two": 2}


def test_a_store_without_such_a_bucket_refuses_in_one_line(
    objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(*given: Any, **more: Any) -> None:
        raise FileNotFoundError("no bucket: <?xml version='1.0'?>\nand its makers' words")

    monkeypatch.setattr(obstore, "put", put)
    for attempt in (objects.put, objects.put_new):
        with pytest.raises(StoreFailed) as caught:
            attempt("a", b"")
        assert str(caught.value) == "s3://bucket/runs: the store says: no bucket"
        assert caught.value.exit_status == 2


def test_only_an_address_with_a_bucket_is_one() -> None:
    assert is_address("s3://bucket/x")
    assert not is_address("runs/s3")
    with pytest.raises(StoreFailed, match="it names no bucket"):
        Objects("s3:///x")

import threading

import pytest

from muscope.backend.services.keyed_cache import KeyedCache


def test_one_state_is_built_once_however_many_ask():
    builds = KeyedCache[bytes](2)
    built: list[str] = []
    gate = threading.Event()

    def build():
        gate.wait(5)
        built.append("x")
        return b"figure"

    threads = [threading.Thread(target=builds.get, args=("key", build)) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()

    assert built == ["x"]


def test_the_least_used_build_is_dropped():
    builds = KeyedCache[bytes](2)
    for key in ("a", "b", "a", "c"):
        builds.get(key, key.encode)

    assert builds.get("a", lambda: b"again") == b"a"
    assert builds.get("b", lambda: b"again") == b"again"


def test_a_failed_build_can_be_tried_again():
    builds = KeyedCache[bytes](2)

    with pytest.raises(ZeroDivisionError):
        builds.get("a", lambda: bytes(1 // 0))

    assert builds.get("a", lambda: b"ok") == b"ok"

import pytest

from muscope.backend.domain.holders import HIDDEN, Holder, has_ended

HERE = "boot.4026531836.1000"
HOLDER = Holder("node-1", 812, 5400, HERE)


@pytest.mark.parametrize(
    ("start", "is_ended"),
    [(None, True), (5401, True), (5400, False), (HIDDEN, False)],
    ids=["no such process", "another process has its id", "it runs", "the system hides it"],
)
def test_a_holder_of_this_machine_has_ended_when_its_process_is_gone(start, is_ended):
    asked: list[int] = []

    def start_of(pid):
        asked.append(pid)
        return start

    assert has_ended(HOLDER, HERE, start_of) is is_ended
    assert asked == [812]


@pytest.mark.parametrize(
    ("holder", "machine"),
    [
        (HOLDER, "boot-after-next.4026531836.1000"),
        (HOLDER, "boot.4026532201.1000"),
        (HOLDER, "boot.4026531836.1001"),
        (HOLDER, ""),
        (Holder("node-1", 812), ""),
        (Holder("node-1", 812, HIDDEN, HERE), HERE),
    ],
    ids=[
        "another boot",
        "another namespace",
        "another user",
        "not told here",
        "not told by either",
        "start unknown",
    ],
)
def test_nothing_is_known_of_a_holder_elsewhere(holder, machine):
    assert not has_ended(holder, machine, lambda _pid: None)


@pytest.mark.parametrize("holder", [HOLDER, Holder("node-1", 812), Holder("fe80::1", 7, 3, "a.b.c")])
def test_a_holder_is_read_as_it_was_written(holder):
    assert Holder.parse(str(holder)) == holder


@pytest.mark.parametrize("text", ["", "tester", "host:", "host:x", "host:1.x.boot"])
def test_any_other_text_names_no_holder(text):
    assert Holder.parse(text) is None

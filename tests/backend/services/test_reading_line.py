"""Line of files that wait to be read."""

from uuid import uuid4

from muscope.backend.services.reading_line import ReadingLine


def test_each_file_that_waits_knows_its_place_and_moves_up_when_another_is_read():
    line = ReadingLine()
    first, second = uuid4(), uuid4()

    with line.waiting(first), line.waiting(second):
        assert (line.position(first), line.position(second)) == (1, 2)
        line.leave(first)
        assert (line.position(first), line.position(second)) == (None, 1)

    assert line.position(second) is None


def test_a_file_that_could_not_be_read_leaves_the_line():
    line, file = ReadingLine(), uuid4()

    try:
        with line.waiting(file):
            raise ValueError("not a table")
    except ValueError:
        assert line.position(file) is None

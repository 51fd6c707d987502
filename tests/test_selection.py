import pytest

from tests.selection import may_be_wanted

SYSTEM, NEITHER = "@pytest.mark.system\ndef test_a(): ...", "def test_a(): ..."


@pytest.mark.parametrize(
    ("source", "expression", "is_wanted"),
    [
        (SYSTEM, "system or browser", True),
        (SYSTEM, "system", True),
        (SYSTEM, "browser", False),
        (NEITHER, "system or browser", False),
        ("pytestmark = OF_ANOTHER_FILE", "system or browser", True),
        ("from elsewhere import pytestmark", "system or browser", True),
        ("pytestmark = [pytest.mark.slow, pytest.mark.system]", "system or browser", True),
        ("pytestmark = pytest.mark.slow", "system or browser", False),
        (NEITHER, "", True),
        (NEITHER, "not system and not browser", True),
        (NEITHER, "not system", True),
        (NEITHER, "slow and (system or browser)", True),
    ],
)
def test_a_file_is_left_out_only_where_none_of_its_tests_can_have_the_marks(source, expression, is_wanted):
    assert may_be_wanted(source, expression) is is_wanted

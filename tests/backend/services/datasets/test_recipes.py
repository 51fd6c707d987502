from datetime import timedelta

import pytest

from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.errors import NotFound
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.services.datasets import store as datasets
from muscope.backend.services.datasets.recipes import forget_recipe, list_recipes
from tests.backend.services.listed import listed_datasets

pytestmark = pytest.mark.slow

ANOTHER_OWNER = "another"


def table(seed, header="size,weight,kind"):
    rows = "".join(f"{i},{i * 7 % 11 + seed},{'abc'[(i + seed) % 3]}\n" for i in range(60))
    return f"{header}\n{rows}".encode()


@pytest.fixture
def store(context, clock, tmp_path):
    def of(content, name="shop.csv", **options):
        source = tmp_path / "upload"
        source.write_bytes(content)
        clock.now += timedelta(seconds=1)
        return datasets.store_file(context, LOCAL_OWNER, source, name, IngestOptions(**options)).dataset

    return of


def test_files_that_were_only_guessed_make_no_recipe(context, store):
    store(table(0))

    assert list_recipes(context, LOCAL_OWNER) == []


def test_answers_are_listed_by_columns_as_the_newest_file_has_them(context, store):
    store(table(0), "first.csv", label="weight")
    newest = store(table(1), "second.csv", label="size")
    other = store(table(2, header="a,b,c"), "other.csv", label="b")

    recipes = list_recipes(context, LOCAL_OWNER)

    assert [each.dataset.id for each in recipes] == [other.id, newest.id]
    assert [each.answers for each in recipes] == [{"label": "b"}, {"label": "size"}]
    assert (recipes[1].columns, recipes[1].num_columns, recipes[1].num_datasets) == (
        ("size", "weight", "kind"),
        3,
        2,
    )
    assert list_recipes(context, ANOTHER_OWNER) == []


def test_the_next_file_with_the_same_columns_is_guessed_anew_once_a_recipe_is_forgotten(context, store):
    guessed = store(table(0)).profile.label
    answered = store(table(1), label="weight")
    by_recipe = store(table(2))
    assert (guessed, by_recipe.profile.label) == ("kind", "weight")
    (recipe,) = list_recipes(context, LOCAL_OWNER)

    forget_recipe(context, LOCAL_OWNER, recipe.id)

    assert list_recipes(context, LOCAL_OWNER) == []
    assert store(table(3)).profile.label == guessed
    kept = datasets.get_dataset(context, LOCAL_OWNER, answered.id)
    assert (kept.profile.label, kept.profile.recipe.options) == ("weight", {"label": "weight"})
    assert not any(item.has_recipe for item in listed_datasets(context))


def test_answers_that_are_given_again_are_kept_again(context, store):
    store(table(0), label="weight")
    (recipe,) = list_recipes(context, LOCAL_OWNER)
    forget_recipe(context, LOCAL_OWNER, recipe.id)

    store(table(0), label="weight")  # the very same file

    assert list_recipes(context, LOCAL_OWNER) == [recipe]
    assert store(table(1)).profile.label == "weight"


def test_a_recipe_that_is_not_there_cannot_be_forgotten(context, store):
    store(table(0), label="weight")
    (recipe,) = list_recipes(context, LOCAL_OWNER)

    with pytest.raises(NotFound, match=r"recipe\.not_found"):
        forget_recipe(context, ANOTHER_OWNER, recipe.id)
    forget_recipe(context, LOCAL_OWNER, recipe.id)
    with pytest.raises(NotFound, match=r"recipe\.not_found"):
        forget_recipe(context, LOCAL_OWNER, recipe.id)

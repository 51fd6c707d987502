from __future__ import annotations

import numpy as np

from muscope.worker.numerics.randomness import (
    BatchOrder,
    Purpose,
    direction,
    initial_normals,
    sharpness_indices,
    stream,
)


def test_an_epoch_visits_every_batch_once_and_drops_the_remainder():
    order = BatchOrder(0, num_train=23, batch_size=5)

    epoch = np.concatenate([order.indices(3, step) for step in range(4)])

    assert len(set(epoch)) == 20
    assert set(epoch) < set(range(23))


def test_batches_depend_on_seed_and_step_and_not_on_what_was_asked_before():
    order, other = BatchOrder(0, 23, 5), BatchOrder(0, 23, 5)
    later = other.indices(3, 9)

    in_sequence = [order.indices(3, step) for step in range(10)]

    assert (in_sequence[9] == later).all()
    assert (other.indices(3, 0) == in_sequence[0]).all()
    assert (order.indices(4, 0) != in_sequence[0]).any()
    assert (BatchOrder(1, 23, 5).indices(3, 0) != in_sequence[0]).any()
    assert (in_sequence[4] != in_sequence[0]).any()


def test_draws_differ_by_purpose_name_and_shape_and_repeat_by_key():
    assert (initial_normals(0, 1, "input", (3, 4)) == initial_normals(0, 1, "input", (3, 4))).all()
    assert (initial_normals(0, 1, "input", (3, 4)) != initial_normals(0, 1, "output", (3, 4))).all()
    assert (initial_normals(0, 1, "input", (3, 4))[0] != initial_normals(0, 1, "input", (4, 4))[0]).all()
    assert stream(Purpose.INIT, 0).random() != stream(Purpose.DIRECTION, 0).random()
    assert direction(0, 1, 2, 8).dtype == np.float32


def test_the_sharpness_batch_is_a_subset_chosen_by_the_spec_seed():
    chosen = sharpness_indices(5, 100, 30)

    assert len(set(chosen)) == 30
    assert (chosen == sharpness_indices(5, 100, 30)).all()
    assert (chosen != sharpness_indices(6, 100, 30)).any()


def test_a_stream_is_pinned_so_that_stored_results_can_be_reproduced():
    assert BatchOrder(0, 23, 5).indices(3, 7).tolist() == [1, 14, 12, 20, 18]

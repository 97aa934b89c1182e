"""Weights on several devices and in several processes are the plain ones."""

import functools

import pytest

from tests.processes import answers, free_port, start

pytestmark = pytest.mark.cross


def worker(name, *arguments, backend="jax", devices=1):
    """Starts one of the programs, on JAX where it sees so many devices."""
    flag = f"--xla_force_host_platform_device_count={devices}"
    module = f"tests.programs.{name}_worker"
    return start("-m", module, *arguments, backend=backend, XLA_FLAGS=flag)


@functools.lru_cache(maxsize=1)
def sharded():
    return answers([worker("sharded", devices=8)])[0]


@pytest.mark.parametrize(
    ("size", "count"),
    # 5 initializers on 6 meshes by the eager path; 2 on 3 by the jitted one.
    [("small", 30), ("large", 6)],
)
def test_a_sharded_kernel_is_the_plain_one_cut_as_the_layout_says(size, count):
    rows = sharded()[size]
    assert sharded()["devices"] == 8
    assert len(rows) == count
    for row in rows:
        assert row["equal"], row
        assert row["part"] == row["expected_part"], row


def test_an_orthogonal_factor_cut_over_devices_is_the_plain_one():
    found = sharded()["orthogonal"]

    assert len(found) == 4
    assert all(found.values()), found


def test_a_data_parallel_model_has_the_plain_weights_on_every_device():
    assert sharded()["data_parallel"] == {"equal": True, "devices": 8}


def test_a_dimension_the_mesh_does_not_divide_is_refused_as_keras_does():
    keras_error, ours = sharded()["uneven"]
    assert ours == keras_error


def test_each_device_draws_only_its_part_of_a_large_weight():
    program = sharded()["program"]
    assert program["output"] == program["whole"] // 8
    # The half-words twice, as the rounds' loop swaps its buffers, and a margin of
    # one part for the values.
    assert program["temporary"] < 3 * program["output"]


def test_two_jax_processes_hold_the_parts_of_one_weight():
    address = f"127.0.0.1:{free_port()}"
    found = answers(
        [worker("process", "jax", address, 2, place, devices=4) for place in range(2)]
    )
    for answer in found:
        assert answer["devices"] == 8
        assert answer["local"] == 4
        # Two shapes in two layouts, 4 parts here.
        assert answer["parts"] == [True] * 16


def test_mirrored_replicas_are_equal_and_plain():
    (found,) = answers([worker("process", "mirrored", backend="tensorflow")])
    assert found["replicas"] == [found["plain"]] * 2


def test_two_torch_processes_with_one_seed_agree():
    one, other = answers([worker("process", "plain", backend="torch") for _ in "ab"])
    assert one == other

"""Answers for JAX on 8 simulated devices; prints one JSON object.

python -m tests.programs.sharded_worker
"""

import json
import resource

import jax
import keras
import numpy as np
from keras import distribution

import keras_inits

# (name of the mesh, shape of the mesh, layout of the kernel)
MESHES = [
    ("8, columns", (1, 8), (None, "model")),
    ("8, rows", (1, 8), ("model", None)),
    ("2 x 4, columns", (2, 4), (None, "model")),
    ("4 x 2, rows", (4, 2), ("model", None)),
    ("4 x 2, both", (4, 2), ("batch", "model")),
    ("2 x 4, whole", (2, 4), (None, None)),
]
SMALL = (64, 128)
# Keras jits what takes 250 MiB or more on all devices of the mesh together.
LARGE = (2048, 4096)
NAMES = ["glorot_uniform", "he_normal", "xavier_normal", "sparse", "orthogonal"]
LARGE_NAMES = ["glorot_uniform", "he_normal"]


def kernel(mesh_shape, layout, shape, initializer):
    """A dense kernel made under the layout, as JAX holds it."""
    mesh = distribution.DeviceMesh(
        mesh_shape, ["batch", "model"], distribution.list_devices()
    )
    layouts = distribution.LayoutMap(mesh)
    layouts[".*kernel"] = layout
    parallel = distribution.ModelParallel(layout_map=layouts, batch_dim_name="batch")
    with parallel.scope():
        layer = keras.layers.Dense(
            shape[1], use_bias=False, kernel_initializer=initializer
        )
        layer.build((None, shape[0]))
    return layer.kernel.value


def seeded(name):
    return keras_inits.get({"class_name": name, "config": {"seed": 3}})


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def compare(names, shape, meshes):
    rows = []
    for name in names:
        plain = np.asarray(seeded(name)(shape))
        for label, mesh_shape, layout in meshes:
            value = kernel(mesh_shape, layout, shape, seeded(name))
            whole = np.asarray(value)
            sizes = [
                1 if axis is None else mesh_shape[axis == "model"] for axis in layout
            ]
            rows.append(
                {
                    "name": name,
                    "shape": shape,
                    "mesh": label,
                    "equal": bool(np.array_equal(whole, plain)),
                    "part": value.addressable_shards[0].data.shape,
                    "expected_part": [
                        n // k for n, k in zip(shape, sizes, strict=True)
                    ],
                }
            )
    return rows


def data_parallel():
    """A model under DataParallel against a plain one."""

    def build():
        keras.utils.set_random_seed(5)
        with keras_inits.enabled():
            model = keras.Sequential(
                [keras.Input((16,)), keras.layers.Dense(24), keras.layers.Dense(8)]
            )
        return model

    plain = keras_inits.fingerprint(build())
    with distribution.DataParallel(devices=distribution.list_devices()).scope():
        model = build()
        devices = len(model.layers[0].kernel.value.sharding.device_set)
        return {"equal": keras_inits.fingerprint(model) == plain, "devices": devices}


def uneven():
    """What Keras says of a dimension that the mesh does not divide."""
    found = []
    for initializer in ("glorot_uniform", seeded("glorot_uniform")):
        try:
            kernel((1, 8), (None, "model"), (64, 130), initializer)
        except Exception as error:
            found.append(type(error).__name__)
    return found


def parts_of_a_program():
    """Bytes of temporary memory that one device needs for a large sharded draw."""
    mesh = jax.make_mesh((8,), ("model",))
    spec = jax.sharding.PartitionSpec(None, "model")
    sharding = jax.sharding.NamedSharding(mesh, spec)
    shape = (4096, 8192)
    program = jax.jit(
        lambda: keras_inits.HeNormal(seed=3)(shape), out_shardings=sharding
    )
    analysis = program.lower().compile().memory_analysis()
    return {
        "temporary": analysis.temp_size_in_bytes,
        "output": analysis.output_size_in_bytes,
        "whole": 4 * shape[0] * shape[1],
    }


def orthogonal_programs():
    """Whether a jitted factor is the eager one, by how it is cut."""
    mesh = jax.make_mesh((2, 4), ("batch", "model"))
    initializer = keras_inits.Orthogonal(seed=3)
    shape = (320, 256)
    plain = np.asarray(initializer(shape))
    found = {}
    for layout in [(None, "model"), ("model", None), ("batch", "model"), (None, None)]:
        spec = jax.sharding.PartitionSpec(*layout)
        sharding = jax.sharding.NamedSharding(mesh, spec)
        value = jax.jit(lambda: initializer(shape), out_shardings=sharding)()
        found[str(layout)] = bool(np.array_equal(np.asarray(value), plain))
    return found


def main():
    small = compare(NAMES, SMALL, MESHES)
    large = compare(LARGE_NAMES, LARGE, [MESHES[0], MESHES[3], MESHES[4]])
    answer = {
        "devices": jax.device_count(),
        "small": small,
        "large": large,
        "data_parallel": data_parallel(),
        "uneven": uneven(),
        "program": parts_of_a_program(),
        "orthogonal": orthogonal_programs(),
        "peak_mib": peak_mib(),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()

"""One of several processes that build the same weights; prints one JSON object.

python -m tests.programs.process_worker jax ADDRESS COUNT PLACE
python -m tests.programs.process_worker mirrored
python -m tests.programs.process_worker plain
"""

import hashlib
import json
import sys

SMALL, LARGE = (64, 128), (2048, 4096)


def digest(array):
    return hashlib.sha256(array.tobytes()).hexdigest()


def jax_process(address, count, place):
    """This process's parts of global weights, each against the host's values."""
    import jax

    jax.distributed.initialize(address, int(count), int(place))
    import numpy as np
    from keras import distribution

    from tests.programs.sharded_worker import kernel, seeded

    parts = []
    for shape in (SMALL, LARGE):
        for layout in ((None, "model"), ("model", None)):
            value = kernel((1, 8), layout, shape, seeded("he_normal"))
            plain = np.asarray(seeded("he_normal")(shape))
            for part in value.addressable_shards:
                same = np.array_equal(np.asarray(part.data), plain[part.index])
                parts.append(bool(same))
    devices = len(distribution.list_devices())
    jax.distributed.shutdown()
    return {"devices": devices, "local": jax.local_device_count(), "parts": parts}


def mirrored():
    """Digests of one kernel's replicas on two logical CPUs."""
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    logical = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(cpu, [logical, logical])
    import keras

    import keras_inits

    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        layer = keras.layers.Dense(24, kernel_initializer=keras_inits.HeNormal(seed=3))
        layer.build((None, 40))
    replicas = strategy.experimental_local_results(layer.kernel.value)
    plain = keras_inits.HeNormal(seed=3)((40, 24)).numpy()
    return {
        "replicas": [digest(replica.numpy()) for replica in replicas],
        "plain": digest(plain),
    }


def plain():
    """Fingerprint of a model by one seed, in a process of its own."""
    import keras

    import keras_inits

    keras.utils.set_random_seed(5)
    with keras_inits.enabled():
        model = keras.Sequential(
            [keras.Input((8,)), keras.layers.Dense(16), keras.layers.Dense(3)]
        )
    return {"fingerprint": keras_inits.fingerprint(model)}


if __name__ == "__main__":
    kind, *arguments = sys.argv[1:]
    kinds = {"jax": jax_process, "mirrored": mirrored, "plain": plain}
    print(json.dumps(kinds[kind](*arguments)))

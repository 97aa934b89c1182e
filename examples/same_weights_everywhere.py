"""ResNet50 by Keras' own application code, with the same weights everywhere.

    python examples/same_weights_everywhere.py

Every installed backend builds the model twice from seed 0, in a process of its
own: under `keras_inits.enable()` first, then with Keras' own initializers. The
exit status is 0 if the fingerprints under `enable()` are one.
"""

import json
import os
import subprocess
import sys
import time


def build_here():
    """Builds the model on this process' backend; prints what came out as JSON."""
    import keras

    import keras_inits

    def build():
        keras.utils.set_random_seed(0)
        start = time.perf_counter()
        model = keras.applications.ResNet50(weights=None)
        seconds = time.perf_counter() - start
        return {"fingerprint": keras_inits.fingerprint(model), "seconds": seconds}

    with keras_inits.enabled():
        ours = build()
    print(json.dumps({"ours": ours, "keras": build()}))


def build_on(backend):
    """What `build_here` prints in a process that runs on another backend."""
    done = subprocess.run(
        [sys.executable, __file__, "build"],
        env={"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ, "KERAS_BACKEND": backend},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def main():
    from keras_inits import _installed

    print("ResNet50, seed 0      with keras_inits       Keras' own initializers")
    print("backend            fingerprint    build      fingerprint    build")
    fingerprints = set()
    for backend in ("tensorflow", "jax", "torch"):
        if _installed.missing(backend) is not None:
            print(f"{backend} is not installed here")
            continue
        built = build_on(backend)
        row = [f"{backend:<12}"]
        for side in ("ours", "keras"):
            digest, seconds = built[side]["fingerprint"], built[side]["seconds"]
            row.append(f"{digest[:12]}  {seconds:5.2f} s")
        print("      ".join(row), flush=True)
        fingerprints.add(built["ours"]["fingerprint"])
    if len(fingerprints) == 1:
        print(f"One fingerprint everywhere: {fingerprints.pop()}")
        return 0
    print("The fingerprints differ.")
    return 1


if __name__ == "__main__":
    sys.exit(build_here() if sys.argv[1:] == ["build"] else main())

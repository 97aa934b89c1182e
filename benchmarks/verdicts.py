"""Whether what `diagnose` says of a model is so: each is judged, then trained.

    python benchmarks/verdicts.py RESULTS.json [--minutes N] [--again] [--page PAGE.md]

What is in RESULTS.json is not done again; with `--again` the models there are judged
anew and not trained. With `--page` the tables of the validation page are written from
it. Training goes from one architecture to the next, in an order that no result has a
say in, so that what fits into the minutes is no selection.

A case is trained for 294 steps of Adam at its usual rate on 1344 digits, one of large
images for 80 steps on 640 of them. It trains if its accuracy on them then is at least
0.3, three times a guess, and at least three quarters of that of the best start of the
same architecture.
"""

import argparse
import hashlib
import json
import pathlib
import time
import warnings

import keras
import verdict_fresh
import verdict_models
from scipy import stats

from keras_inits.diagnostics import diagnose

LOSS = "sparse_categorical_crossentropy"
LEAST, SHARE = 0.3, 0.75
JUDGED = 128
CONFIDENCE = 0.95
# The bounds were chosen with the first half in sight, and none with the second.
HALVES = {
    "chosen on": verdict_models.CASES,
    "tried on": verdict_fresh.CASES,
}

KINDS = {
    "image": "convolutions on small images",
    **dict.fromkeys(("rows", "tokens"), "recurrent layers and others on sequences"),
    **dict.fromkeys(("text", "segments", "unmasked", "pair"), "language models"),
    "large": "image models",
}


def in_order(cases):
    """Cases in the order of the hashes of their architectures."""
    key = {c.name: hashlib.sha256(c.architecture.encode()).hexdigest() for c in cases}
    return sorted(cases, key=lambda case: key[case.name])


def made(case, data):
    """The model of a case, and its data."""
    keras.utils.set_random_seed(0)
    model, x = case.build(), data[case.data]
    case.start(model, first(x, JUDGED))
    return model, x


def first(x, number):
    return keras.tree.map_structure(lambda array: array[:number], x)


def judged(model, case, x, classes):
    number = 32 if case.data == "large" else JUDGED
    return diagnose(model, first(x, number), classes[:number], LOSS)


def trained(model, case, x, classes):
    """Accuracy in the last epoch of training."""
    number, batch, epochs = (640, 32, 4) if case.data == "large" else (1344, 64, 14)
    model.compile(keras.optimizers.Adam(1e-3), LOSS, metrics=["accuracy"])
    history = model.fit(
        first(x, number), classes[:number], batch_size=batch, epochs=epochs, verbose=0
    )
    return history.history["accuracy"][-1]


def run(path, minutes, again):
    """Judges and trains the cases, those of the second half first."""
    results = json.loads(path.read_text()) if path.exists() else {}
    data, classes = verdict_models.load()
    end = time.monotonic() + 60 * minutes
    for half in reversed(HALVES.values()):
        for case in in_order(half):
            result = results.setdefault(case.name, {})
            train, judge = "accuracy" not in result, "healthy" not in result or again
            if time.monotonic() > end or not (train or judge):
                continue
            started = time.monotonic()
            try:
                model, x = made(case, data)
                report = judged(model, case, x, classes) if judge else None
            except ValueError as error:  # not on this backend, or with this start
                print(f"{case.name}: {error}", flush=True)
                continue
            if report is not None:
                result |= {"healthy": report.healthy, "verdict": report.verdict}
            if train:
                result["accuracy"] = trained(model, case, x, classes)
            seconds = time.monotonic() - started
            print(f"{case.name}: {result} in {seconds:.1f} s", flush=True)
            path.write_text(json.dumps(results, indent=0))
    return results


def rows(cases, results):
    """Name, accuracy, whether it trains, whether it is called healthy, and verdict."""
    complete = [
        c for c in cases if {"accuracy", "healthy"} <= set(results.get(c.name, ()))
    ]
    best: dict[str, float] = {}
    for case in complete:
        accuracy = results[case.name]["accuracy"]
        best[case.architecture] = max(accuracy, best.get(case.architecture, 0.0))
    found = []
    for case in complete:
        result = results[case.name]
        trains = result["accuracy"] >= max(LEAST, SHARE * best[case.architecture])
        found.append(
            (
                case.name,
                result["accuracy"],
                trains,
                result["healthy"],
                result["verdict"],
            )
        )
    return found


def summary(rows):
    """A row of the table of accuracies: counts, and Clopper and Pearson's interval."""
    right = sum(trains == healthy for _, _, trains, healthy, _ in rows)
    alarms = sum(trains and not healthy for _, _, trains, healthy, _ in rows)
    misses = sum(healthy and not trains for _, _, trains, healthy, _ in rows)
    trains = sum(row[2] for row in rows)
    low, high = stats.binomtest(right, len(rows)).proportion_ci(CONFIDENCE)
    return (
        f"{len(rows)} | {right} | {100 * right / len(rows):.0f}% "
        f"({100 * low:.0f}% to {100 * high:.0f}%) | {alarms} of {trains} | "
        f"{misses} of {len(rows) - trains}"
    )


def kind(case):
    """The kind of model that a case is, for the table by kind."""
    if case.data in ("flat", "raw"):
        helped = "residual" in case.architecture or "Norm" in case.architecture
        return "dense, residual or normalized" if helped else "dense, plain"
    return KINDS[case.data]


def summaries(groups):
    """A table with the summary of each of the named groups of rows."""
    return [
        "| models | number | right | share (95% interval) | false alarms | misses |",
        "| --- | --- | --- | --- | --- | --- |",
        *(f"| {name} | {summary(found)} |" for name, found in groups.items() if found),
        "",
    ]


def tables(results):
    """The tables of the page, as Markdown."""
    halves = {name: rows(cases, results) for name, cases in HALVES.items()}
    halves = {name: found for name, found in halves.items() if found}
    lines = ["## Accuracy", "", *summaries(halves)]
    for name, found in halves.items():
        groups = {}
        kinds = {case.name: kind(case) for case in HALVES[name]}
        for row in found:
            groups.setdefault(kinds[row[0]], []).append(row)
        lines += [f"By kind, of the models that bounds were {name}:", ""]
        lines += summaries(dict(sorted(groups.items())))
    for name, found in halves.items():
        lines += [
            f"## The models that bounds were {name}",
            "",
            "| model and start | accuracy | trains | called healthy | |",
            "| --- | --- | --- | --- | --- |",
        ]
        for case, accuracy, trains, healthy, verdict in found:
            word = "" if trains == healthy else "**miss**" if healthy else "**alarm**"
            word = word or ("" if healthy else verdict.split(":")[0].split(";")[0])
            words = ["yes" if truth else "no" for truth in (trains, healthy)]
            lines.append(
                f"| {case} | {accuracy:.2f} | {words[0]} | {words[1]} | {word} |"
            )
        lines.append("")
    return "\n".join(lines[:-1]) + "\n"


START = "<!-- The rest is written by benchmarks/verdicts.py. -->\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--page", type=pathlib.Path)
    arguments = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # overflows of models that are meant to
        results = run(arguments.results, arguments.minutes, arguments.again)
    if arguments.page:
        text = arguments.page.read_text().split(START)[0]
        arguments.page.write_text(text + START + "\n" + tables(results))


if __name__ == "__main__":
    main()

"""Processes that answer for one backend each, two of them working at a time."""

import concurrent.futures
import contextlib
import functools
import json
import tempfile

from tests.processes import start

BACKENDS = ("tensorflow", "jax", "torch", "numpy")


class Worker:
    """A process that runs `tests.programs.worker` under one backend."""

    def __init__(self, backend):
        self.backend = backend
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115, closed by `stop`
        self.process = None

    def start(self):
        """Starts the process, whose imports take seconds."""
        self.process = start(
            *("-m", "tests.programs.worker"), backend=self.backend, stderr=self.errors
        )

    def ask(self, task):
        """The answer to a task, which starts the process if need be."""
        if self.process is None:
            self.start()
        with contextlib.suppress(BrokenPipeError):  # Then there is no answer either.
            self.process.stdin.write(f"{task}\n")
            self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("answer: "):
                return json.loads(line.removeprefix("answer: "))["answer"]
        self.errors.seek(0)
        text = self.errors.read().decode(errors="replace")
        raise RuntimeError(f"The worker for {self.backend} failed:\n{text[-3000:]}")

    def stop(self):
        """Ends the process."""
        if self.process is not None:
            with contextlib.suppress(BrokenPipeError):  # It may have failed before.
                self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait(timeout=60)
        self.errors.close()


class Workers:
    """One worker for each backend, asked the same."""

    def __init__(self):
        self.workers = {backend: Worker(backend) for backend in BACKENDS}
        self.failed = False
        # One cache for all test files, so that each task is done once.
        self.ask = functools.lru_cache(self._ask)

    def _ask(self, task):
        """Answers of every backend, `{backend: answer}`."""
        if self.failed:
            raise RuntimeError("A worker has failed before; see its error above.")
        try:
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                answers = pool.map(lambda worker: worker.ask(task), self.each())
                return dict(zip(self.workers, answers, strict=True))
        except RuntimeError:
            self.failed = True
            raise

    def each(self):
        """The workers."""
        return list(self.workers.values())

    def stop(self):
        """Ends every process."""
        for worker in self.each():
            worker.stop()

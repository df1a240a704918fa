"""The two programs that these tests start, and how to wait for them."""

import os
import queue
import re
import subprocess
import threading
import time

import pytest

ADDRESS_LINE = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")
START_SECONDS = 120


def binary(name, package):
    path = os.environ.get(name)
    if not path or not os.access(path, os.X_OK):
        pytest.exit(f"{name} must name the built program: cargo build -p {package}", returncode=2)
    return path


class Program:
    """A child process whose output is read all the time, so that it can neither block nor be lost."""

    def __init__(self, arguments, environment):
        self.lines = queue.Queue()
        self.seen = []
        self.process = subprocess.Popen(
            arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def address(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise RuntimeError("the program printed no address:\n" + "".join(self.seen))
            self.seen.append(line)
            if found := ADDRESS_LINE.search(line):
                return found.group(1)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=45)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def run(arguments, environment):
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{arguments[1:]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout

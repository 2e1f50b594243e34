"""kill -9 of a running command at random moments, for tests and scripts/kill-random*."""
import subprocess
import time


def kill_after(command, environment, delay):
    """Starts the command and kills it after `delay` seconds; False when it had ended before."""
    process = subprocess.Popen([str(word) for word in command], env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        time.sleep(delay)
        return process.poll() is None
    finally:  # also when the caller is stopped meanwhile
        process.kill()
        process.wait()


class Moments:
    """Random moments of a run that takes about `seconds`."""

    def __init__(self, rng, seconds):
        self.rng, self.seconds = rng, seconds

    def next(self):
        return self.rng.uniform(0.02, 0.98) * self.seconds

    def too_late(self):
        """The run was faster this time; aim earlier."""
        self.seconds *= 0.9

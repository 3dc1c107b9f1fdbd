"""Settings for the test suite."""

import os

from hypothesis import settings

# No deadline: the machine may be busy. In continuous integration every run tries the same cases.
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

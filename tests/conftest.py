from hypothesis import settings

# Drawn from the test's name, not from chance; a loaded machine must not fail a test.
settings.register_profile("muscope", derandomize=True, deadline=None, max_examples=60, database=None)
settings.load_profile("muscope")

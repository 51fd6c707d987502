from hypothesis import settings

# Examples derive from the test's name, not from chance; a slow machine must not fail a test.
settings.register_profile("muscope", derandomize=True, deadline=None, max_examples=60, database=None)
settings.load_profile("muscope")

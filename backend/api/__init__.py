"""REST and live streams over the use cases. The only folder that imports FastAPI."""

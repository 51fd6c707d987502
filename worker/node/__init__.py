"""Celery side of a worker: claims cells, supervises the process that trains them. Never imports torch."""

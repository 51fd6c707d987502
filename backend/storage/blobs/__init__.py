"""Content-addressed files of datasets: in a folder, or in object storage with a verified local cache."""

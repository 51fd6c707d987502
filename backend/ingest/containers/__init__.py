"""Files in files: gzip and ZIP, opened under limits on size, ratio and number."""

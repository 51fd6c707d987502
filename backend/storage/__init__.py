"""Files of the service: content-addressed blobs, private folders and files, room on the disk."""

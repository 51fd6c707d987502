"""Pictures in folders: a folder is a class, in parts for training and validation if there are any."""

"""The verdict held against known truth: `make calibrate`."""

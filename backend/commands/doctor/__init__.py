"""`muscope doctor`: what keeps µScope from working here, and what to do about each."""

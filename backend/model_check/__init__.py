"""`muscope check`: a user's model measured by a child, judged here, told in words."""

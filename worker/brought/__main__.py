"""`python -m muscope.worker.brought`: measure one file of a user."""

from muscope.worker.brought.child import main

main()

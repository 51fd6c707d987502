"""An experiment as one file that another installation can take in."""

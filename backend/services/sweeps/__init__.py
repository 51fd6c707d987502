"""Sweeps that were run elsewhere: judged as sent, or stored with their answer, figures and report."""

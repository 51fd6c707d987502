"""Backup of a data folder in one verified file while everything runs, and its restoration."""

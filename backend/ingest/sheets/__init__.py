"""Sheets of workbooks and tables of web pages as rows of text."""

"""Calls to servers."""

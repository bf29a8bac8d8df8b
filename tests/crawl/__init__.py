"""Walks over whole deployments."""

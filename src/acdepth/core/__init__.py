"""The words and files that every other room shares."""

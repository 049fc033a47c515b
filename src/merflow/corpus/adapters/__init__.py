"""Adapters: how a corpus in the layout of its own release becomes the labels of its clips.

They are called while the workflow is read and before any job, so they import nothing outside the
standard library and open label files and folders, never a clip.
"""

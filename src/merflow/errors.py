"""The one exception that a user is meant to read."""


class MerflowError(Exception):
    """Bad input, told in one sentence: what is wrong, where it is, and what to do.

    The command line prints the sentence without a traceback; set ``MERFLOW_DEBUG=1`` to see one.
    """

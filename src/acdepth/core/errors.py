"""The one exception that means: a person can mend this."""


class UserError(Exception):
    """What is wrong, where, and what to do, in one line.

    The command line prints the message without a traceback and exits with code 2; in a program it is an
    ordinary exception. Everything else that escapes is a bug of ours and keeps its traceback.
    """

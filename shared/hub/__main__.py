"""`python -m hub`."""

import sys

if __name__ == "__main__":
    try:
        from hub.cli import app  # within the try: a Ctrl-C during the imports ends as quietly as a later one

        app(prog_name="python -m hub")
    except KeyboardInterrupt:
        sys.exit(130)

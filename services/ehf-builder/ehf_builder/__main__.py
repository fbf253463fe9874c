"""`python -m ehf_builder` starts the service, `python -m ehf_builder validate FILE…` judges files."""

from ehf_builder.cli import app

if __name__ == "__main__":
    app(prog_name="ehf-builder")

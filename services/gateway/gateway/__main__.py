"""`python -m gateway` runs the service, `python -m gateway admin …` changes the register."""

from gateway.cli import main

main()

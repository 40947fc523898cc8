"""The service's own command line, with the scripted producer in place of the real backends."""

from service.main import runtime

runtime.PRODUCER = "tests.fakes.producer:make_producer"

if __name__ == "__main__":
    from service.main.cli import main

    main()

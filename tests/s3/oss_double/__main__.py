"""python -m oss_double --port PORT --directory DIR [--log FILE] [--clock-offset SECONDS]"""
import argparse

from .server import Server


def main():
    parser = argparse.ArgumentParser(prog="oss_double", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--directory", required=True, help="an empty one, for bodies")
    parser.add_argument("--log", default="", help="a JSON line for each request")
    parser.add_argument("--clock-offset", type=int, default=0, help="of its clock, in seconds")
    options = parser.parse_args()
    Server(options.port, options.directory, options.log, options.clock_offset).serve_forever()


if __name__ == "__main__":
    main()

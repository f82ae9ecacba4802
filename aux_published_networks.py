"""List the published networks, and make those named, or all, as model files of this project.

Wherever a trained network is asked for, as by --model of script 4 and --start-from of script 3,
the name of one of them will do: it is made when it is first asked for. `mtt-...` were trained on
MagnaTagATune, `msd-...` on the Million Song Dataset; both by Pons and Serra, ISMIR 2019.

Reads   data/published/musicnn-0.1.0-py3-none-any.whl     fetched by make env; read as a zip
Writes  data/published/<name>/model.keras                 the network with its model card
        data/published/<name>/summary.json                the model card: tags in order, feature
                                                          settings, source, training data,
                                                          published result, licences, citation

Example: python aux_published_networks.py mtt-musicnn
"""

import argparse

from autotagging import cli
from autotagging.formatting import print_up_to_date
from autotagging.models import published


def main(args):
    """Make the networks, and list all."""
    for name in args.networks or published.NETWORKS:
        if published.is_made(name, args.published) and not args.force:
            print_up_to_date(args.published / name)
        published.make(name, args.published, force=args.force)
    print(published.tabulate(args.published).to_string(index=False))


def parse_args():
    """Return the arguments of the command line."""
    parser = cli.parser(__doc__)
    text = f"some of {', '.join(published.NETWORKS)} (default: all)"
    parser.add_argument("networks", type=network, nargs="*", metavar="NETWORK", help=text)
    cli.add_published(parser)
    cli.add_force(parser, "the networks")
    return parser.parse_args()


def network(text):
    """Return the name of a published network; refuse another."""
    if text not in published.NETWORKS:
        known = ", ".join(published.NETWORKS)
        raise argparse.ArgumentTypeError(f"{text!r} is no published network: there are {known}")
    return text


if __name__ == "__main__":
    cli.run(main, parse_args)

"""Make the sample: synthetic music in MagnaTagATune's own form.

The pipeline can be read, run and tested without the dataset's 3 GB: artists with a hand and a mix
of their own compose pieces in some thirty styles by seeded rules, a General MIDI sound font plays
them, and simulated listeners tag them, each true tag under one of its synonyms, a quarter of them
forgotten, one tag in twenty untrue. Folders 0-b are for training, c for validation, d-f for test;
a third of the test clips is by artists heard in training.

Reads
    data/synonyms.csv        tag, synonym: the groups that listeners choose a name from
Writes
    sample.json              seed, clips, format: what the sample was made with
    0/ to f/                 <artist>-<album>-<number>-<title>-<start>-<end>.mp3: 29.12 s, 16 kHz,
                             one channel, 32 kbit/s
    annotations_final.csv    (clips, 188 tags) 0/1 with clip_id and mp3_path: the tags given
    truth_final.csv          the same table with what is truly in each clip
    clip_info_final.csv      clip_id, track_number, title, artist, album, url, segmentStart,
                             segmentEnd, original_url, mp3_path

    DISCLAIMER.txt, CITATION.txt  that it is synthetic: what every figure and number says of it

Example
    python aux_make_sample.py --clips 6000 --seed 1 --data data/large
"""

from autotagging import cli, options
from autotagging.formatting import print_up_to_date, print_written


def main(args):
    """Plan, record, tag and write the sample."""
    from joblib import Parallel, delayed
    from tqdm import tqdm

    from autotagging.labels import synonyms
    from autotagging.sample import dataset, plan

    groups = synonyms.read_synonyms(cli.SYNONYMS)
    if args.force:
        dataset.remove(args.data)
    dataset.open_sample(args.data, args.clips, args.seed)
    tracks = plan.plan_tracks(args.clips, args.seed)
    if dataset.is_complete(args.data, tracks):
        print_up_to_date(args.data)
        return

    recordings = Parallel(n_jobs=args.jobs, return_as="generator")(
        delayed(dataset.record)(track, args.data) for track in tracks
    )
    n_written = sum(tqdm(recordings, total=len(tracks), desc="tracks", unit="track"))
    truth = dataset.truth_of(tracks)
    given = dataset.write_tables(args.data, tracks, truth, groups, args.seed)
    print_written(args.data / "0 to f", f"{n_written:,} of {len(truth):,} clips")
    print_written(args.data / dataset.CLIP_INFO, plan.summary(tracks))
    print_written(args.data / dataset.TRUTH, f"{len(truth):,} clips, {truth.sum():,} true tags")
    print_written(args.data / dataset.ANNOTATIONS, f"{len(given):,} clips, {given.sum():,} tags")
    print("\n".join(plan.shares(tracks)))


def parse_args():
    """Return the parsed command line."""
    parser = cli.parser(__doc__)
    cli.add_data(parser, cli.SAMPLE, exists=False)
    text = "number of clips (default: 1500)"
    options.add(parser, "--clips", options.positive, default=1500, help=text)
    options.add(parser, "--seed", options.seed, default=0, help="random seed (default: 0)")
    cli.add_jobs(parser)
    cli.add_force(parser, "the sample")
    return parser.parse_args()


if __name__ == "__main__":
    cli.run(main, parse_args)

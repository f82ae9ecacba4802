"""What a rehearsal measured -> the measured part of docs/full_size.md."""

from dataclasses import dataclass

from autotagging.models import training_settings

BEGIN, END = "<!-- measured: make rehearsal -->", "<!-- end of what was measured -->"
SCRIPTS = ("1", "2", "3", "4", "5")
CORES = 16  # of the larger machine that is computed
MEGABYTE = 1e6


@dataclass(frozen=True)
class Bar:
    """What a script may take at most.

    Parameters
    ----------
    quantity : str
        What is measured, in words.
    limit, value : float
    form : str
        How both are written: a format with one place.
    """

    quantity: str
    limit: float
    value: float
    form: str

    @property
    def row(self):
        """The bar as a row of a table."""
        limit, value = (self.form.format(number) for number in (self.limit, self.value))
        verdict = "yes" if self.value < self.limit else "**no**"
        return f"| {self.quantity} | under {limit} | {value} | {verdict} |"


def write(measured, n_clips, described):
    """Return what was measured, in Markdown.

    Parameters
    ----------
    measured : dict
        From `rehearsal.rehearse`.
    n_clips : int
        Rows of the stand-in.
    described : str
        The machine.
    """
    scripts = {name: took for name, took in measured.items() if name != "input"}
    cores, date, commit = (measured["input"][key] for key in ("cores", "date", "commit"))
    epochs = training_settings.RECIPES[training_settings.DEFAULT].epochs
    lines = [
        f"`make rehearsal`, {date}, {described}, {n_clips:,} rows, two epochs, "
        f"commit {str(commit)[:12]}.",
        "",
        "| script | wall, s | CPU, s | clips | clips/s | main process, MB | largest other, MB "
        "| all at once, MB | disk, MB |",
        "|---" * 9 + "|",
        *(_row(name, took) for name, took in scripts.items()),
        "",
        "| on 2 cores | bar | measured | kept |",
        "|---|---|---|---|",
        *(bar.row for bar in list_bars(measured)),
        "",
        f"| the complete job, {epochs} epochs | wall on {cores} cores | on {CORES}, computed |",
        "|---|---|---|",
        *extrapolate(scripts, cores, epochs, n_clips),
    ]
    return "\n".join(lines) + "\n"


def _row(name, took):
    megabytes = [took[f"{key}_bytes"] / MEGABYTE for key in ("main", "worker", "together", "disk")]
    rate = (
        f"{took['clips']:,} | {took['clips'] / took['seconds']:,.0f}" if took["clips"] else "- | -"
    )
    numbers = " | ".join(f"{value:,.0f}" for value in megabytes)
    return f"| {name} | {took['seconds']:,.1f} | {took['cpu_seconds']:,.1f} | {rate} | {numbers} |"


def list_bars(measured):
    """Return the bars and what was measured of each: list of Bar."""
    two = measured["2"]
    function = two["clips"] * two["function_ms"] / 1000
    seconds, megabytes = "{:,.1f} s", "{:,.0f} MB"

    def memory(name, limit, process="together"):
        words = {"together": "all processes", "main": "main process", "worker": "each worker"}
        value = measured[name][f"{process}_bytes"] / MEGABYTE
        return Bar(f"script {name}: memory, {words[process]}", limit, value, megabytes)

    def wall(name, limit):
        return Bar(f"script {name}: wall", limit, measured[name]["seconds"], seconds)

    of_function = "script 2: CPU, times that of decoding and features alone"
    return [
        wall("1", 20),
        memory("1", 500),
        Bar(of_function, 1.15, two["cpu_seconds"] / function, "{:.2f}"),
        memory("2", 500, "main"),
        memory("2", 400, "worker"),
        memory("3", 1500),
        Bar("script 3: input, of a step", 0.1, measured["input"]["share"], "{:.1%}"),
        memory("4", 2000),
        wall("4 without prediction", 60),
        wall("5", 60),
    ]


def extrapolate(scripts, cores, epochs, n_clips):
    """Return the rows of what the complete job takes, on these cores and on more.

    Parameters
    ----------
    scripts : dict
        Name -> what was measured.
    cores, epochs, n_clips : int
        Cores; epochs of the complete job; rows of the stand-in.
    """
    rows, sums = [], [0, 0]
    for name in SCRIPTS:
        took = scripts[name]
        seconds, cpu_seconds = took["seconds"], took["cpu_seconds"]
        if "seconds_per_epoch" in took:
            rehearsed = took["epochs"]
            more = 1 + (epochs - rehearsed) * took["seconds_per_epoch"] / seconds
            seconds, cpu_seconds = seconds * more, cpu_seconds * more
        times = seconds, on_cores(seconds, cpu_seconds, cores, CORES)
        sums = [total + time for total, time in zip(sums, times, strict=True)]
        rows.append(f"| script {name} | {say(times[0])} | {say(times[1])} |")
    rows.append(f"| together | {say(sums[0])} | {say(sums[1])} |")
    for name, took in scripts.items():
        if "--preset" in name:
            more = n_clips / took["clips"]
            times = (took["seconds"], on_cores(took["seconds"], took["cpu_seconds"], cores, CORES))
            whole, on_more = (say(time * more) for time in times)
            source = f"{took['clips']:,} clips, start-up included, times {more:.1f}"
            rows.append(f"| script {name}: {source} | {whole} | {on_more} |")
    return rows


def on_cores(seconds, cpu_seconds, n_cores, n_more):
    """Return the wall seconds on more cores, by Amdahl's law.

    Of the processor time a part runs on all cores, and the rest on one: with P and S for them,
    S + P = CPU and S + P / n = wall. On more cores the wall takes S + P / more.

    Parameters
    ----------
    seconds, cpu_seconds : float
        Measured on `n_cores`.
    n_cores, n_more : int

    Returns
    -------
    float
        `seconds` where nothing ran in parallel, or on one core, which says nothing of it.
    """
    if n_cores == 1 or cpu_seconds <= seconds:
        return seconds
    parallel = min((cpu_seconds - seconds) / (1 - 1 / n_cores), n_cores * seconds)
    return seconds - parallel / n_cores + parallel / n_more


def say(seconds):
    """Return a duration as it is read best."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def replace_measured(page, measured):
    """Return a page with what stands between its markers replaced.

    Raises
    ------
    ValueError
        Where the markers are not there once each, in their order.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        raise ValueError(f"the page lacks its markers, {BEGIN} and {END}: put them back")
    return f"{before}{BEGIN}\n\n{measured}\n{END}{after}"

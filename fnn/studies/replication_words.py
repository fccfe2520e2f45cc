"""What is said of published results beside ours."""

from collections.abc import Iterator, Sequence

from fnn.report.published import ErrorsDocument, OffDocument, PublishedDocument, ReadingDocument
from fnn.stats.predictive import least_runs


def source_words(results: int, agreeing: Sequence[tuple[str, ...]], count: int) -> str:
    """Return how many of so many readings agree with so many results of a source, and what those have in common.

    agreeing: the answers of each that does.
    """
    whom = "it" if results == 1 else f"all {results} results of the source at once"
    if count == 1:
        return f"The one reading {'agrees' if agreeing else 'does not agree'} with {whom}."
    if not agreeing:
        return f"None of the {count} readings agrees with {whom}."
    common = [answers[0] for answers in zip(*agreeing, strict=True) if len(set(answers)) == 1]
    which = f", {'all ' if len(agreeing) > 1 else ''}with {', '.join(common)}" if common else ""
    return f"{len(agreeing)} of {count} readings agree{'s' if len(agreeing) == 1 else ''} with {whom}{which}."


def published_words(published: PublishedDocument, statistic: str) -> str:
    """Return what was published, in a few words."""
    words = [f"{published['successes']} of {published['runs']} runs"] if published["successes"] is not None else []
    words += [f"{published['share']:.0%} of runs"] if published["share"] is not None else []
    words += [f"at least {published['at_least']:.0%} of runs"] if published["at_least"] is not None else []
    of_runs = f" of {published['runs']:,} runs" if published["runs"] and published["successes"] is None else ""
    words += [f"a {statistic} of {published['time']:,.6g} epochs{of_runs}"] if published["time"] is not None else []
    reach = published["fastest"] is not None
    return " and ".join(words) + (f", from {published['fastest']:,.0f} to {published['slowest']:,.0f}" if reach else "")


def our_words(ours: Sequence[ReadingDocument], statistic: str) -> str:
    """Return what became of our runs, from the reading with the least to the one with the most."""
    shares = sorted(reading["successes"] / reading["runs"] for reading in ours)
    times = sorted(reading["time"] for reading in ours if reading["time"] is not None)
    words = f"{_span(f'{shares[0]:.1%}', f'{shares[-1]:.1%}')} of runs"
    return words + (
        f", after a {statistic} of {_span(f'{times[0]:,.0f}', f'{times[-1]:,.0f}')} epochs" if times else ""
    )


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def comparison_words(
    published: PublishedDocument, ours: Sequence[ReadingDocument], statistic: str, results: int
) -> Iterator[str]:
    """Yield how many readings agree, and with how many runs what was published is compared where that is not told.

    results: of the source.
    """
    agreeing = [reading for reading in ours if reading["agrees"]]
    times = [reading["time"] for reading in ours if reading["time"] is not None]
    if len(ours) > 1:
        whom = "it alone" if results > 1 else "it"
        yield f"{len(agreeing)} of {len(ours)} readings agree with {whom}."
    time = published["time"]
    if time is None or published["runs"] is not None:
        return
    if not agreeing and times and min(times) < time < max(times):
        yield "Their times lie on both sides of it."
    if published["share"] is not None:
        runs, successes = published["least_runs"], least_runs(published["share"])[1]
        yield (
            f"Of how many runs is not told, but no fewer than {runs} give {published['share']:.0%}: it is compared "
            f"with the {statistic} of {successes}, the weakest comparison there is."
        )
    else:
        yield "Of how many runs is not told: it is compared with single runs, the weakest comparison there is."
    most = max((reading["most_runs"] or 0 for reading in agreeing), default=0)
    if most:
        least = min(reading["of"] for reading in agreeing)
        yield (
            f"Were it of {most:,}, {'one of these readings' if len(ours) > 1 else 'ours'} would still agree."
            if most > least
            else f"Were it of {next(n for n in (10, 100, 1000, 10**4) if n > least):,}, none would agree any more."
        )


def error_words(errors: ErrorsDocument, wrong_too: float | None, readings: int) -> str:
    """Return how often the rule errs, in a few sentences. readings: of the source."""
    if errors["right"] is None:
        return "Without a success there is nothing to simulate."
    nearest = f" with the runs of the nearest reading ({errors['label']})" if readings > 1 else ""
    sentences = [f"Simulated{nearest}, the right reading disagrees in {errors['right']:.1%} of cases."]
    sentences += [
        f"One whose {what} off {_list(list(map(_off, offs)))}."
        for what, offs in (("share is", errors["solved"]), ("times are", errors["time"]))
        if offs
    ]
    if wrong_too is not None:
        sentences.append(
            f"If one of the {readings} readings tried is the right one, another agrees beside it in {wrong_too:.0%} of "
            "cases."
        )
    return " ".join(sentences)


def _off(off: OffDocument) -> str:
    by = f"by {100 * off['off']:.0f} points" if off["off"] < 1 else f"by a factor {off['off']:g}"
    return f"{by} agrees all the same in {off['agrees']:.0%}"


def _list(parts: Sequence[str]) -> str:
    """Return parts one after the other, what they share said once."""
    first, *others = parts
    return ", ".join([f"{first} of cases", *(part.replace(" agrees all the same in ", " in ") for part in others)])

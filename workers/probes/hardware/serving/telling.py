"""The title and the sentences about an answer and its limits."""

from __future__ import annotations

from workers.probes.hardware import words
from workers.probes.hardware.architecture import Architecture
from workers.probes.hardware.serving.place import Place
from workers.probes.hardware.serving.smaller import Smaller
from workers.probes.hardware.serving.timed import Latency
from workers.probes.words import count

NOISY = 1.5  # wall over processor time
NAMES = {"fp32": "32-bit", "fp16": "16-bit", "fp8": "8-bit", "int8": "8-bit", "int4": "4-bit"}

Range = tuple[float, float, float]


def reading(model: Architecture, place: Place) -> list[str]:
    """What an answer of a text model is taken to be."""
    shape, passes = model.extra.get("shape"), model.extra.get("passes")
    if passes:
        return [f"An answer is taken as {passes:,} passes of the U-Net, which make one picture; turning the"
                " last into pixels adds a few percent."]  # fmt: skip
    if shape is None:
        return []
    writes = place.writes or 1
    if shape.decoder_layers:
        more = "; give hardware.serve.output_tokens for a whole transcript or translation"
        return [f"An answer is taken as reading {shape.sequence:,} tokens and writing"
                f" {count(writes, 'token')}{'' if place.writes else more}."]  # fmt: skip
    if not model.words:
        return []
    if not shape.causal:
        return [f"An answer is taken as reading {shape.sequence:,} tokens."]
    told = [
        f"An answer is taken as reading {shape.sequence:,} tokens and writing"
        + (f" {writes:,}." if place.writes else " one; give hardware.serve.output_tokens for longer answers.")
    ]
    length = shape.sequence + writes - 1
    if length > shape.longest and model.extra.get("told"):
        told.insert(0, f"The model reads at most {shape.longest:,} tokens, and {length:,} are planned; they"
                       " are counted, but what lies beyond is of no use to it.")  # fmt: skip
    return told


def _needs(size: float, has: float, where: str) -> str:
    """ "3.0 MB of the 4.0 MB of flash", or that it is more than there is."""
    return f"{words.size(size)}{' of' if size <= has else ', more than'} the {words.size(has)} {where}"


def lead(place: Place, precision: str) -> str:
    """What has to be said before any number: a stand-in, or weights that are not as planned."""
    told = [place.example] if place.example else []
    if place.device is not None and precision != place.precision:
        told.append(f"{place.device.name} computes in 8 bits only, so 8-bit weights are taken.")
    return " ".join(told)


def on_here(here: Latency | None) -> str:
    if here is None:
        return ""
    return (
        f" Here one answer takes {words.milliseconds(here.p50)}, 95 of 100 at most"
        f" {words.milliseconds(here.p95)}."
    )


def nothing_to_hold(model: Architecture, place: Place, here: Latency | None) -> str:
    """Why nothing is judged."""
    if place.unknown:
        more = f" {model.says[:1].upper()}{model.says[1:]} was timed on this worker instead.{on_here(here)}" \
            if here else ""  # fmt: skip
        return f"{place.unknown} Whether the model runs there in time is not known.{more} Name a device" \
            " that is in it, or time an answer on yours."  # fmt: skip
    if place.name:
        return (
            f"Nobody says how fast the model must answer on {place.where}, so there is nothing to hold it"
            f" against.{on_here(here)} Answer question H6, or give hardware.serve.latency_ms in the plan."
        )
    return (
        "Nobody says where the model must run and how fast it must answer, so there is nothing to hold it"
        f" against.{on_here(here)} Answer question H6, or name hardware.serve in the plan."
    )


def _about(share: float) -> str:
    return words.share(share) if share < 0.01 else f"about {words.share(share)}"


def judged(
    model: Architecture, place: Place, here: Latency | None, seconds: Range | None, memory: float | None,
    small: Smaller | str, precision: str, stored: float | None = None,
) -> tuple[str, str]:  # fmt: skip
    """Title and note where there is a limit."""
    title, parts = "", [lead(place, precision) or place.unknown]
    if place.milliseconds and seconds:
        took = words.milliseconds(seconds[1])
        share = 1e3 * seconds[1] / place.milliseconds
        title = (
            f"An answer takes about {took} on {place.where}, and {place.milliseconds:,g} ms are allowed"
            if share > 1
            else f"Answers take {_about(share)} of the time allowed"
        )
        between = words.between(words.milliseconds(seconds[0]), words.milliseconds(seconds[2]))
        parts.append(f"95 of 100 answers of {model.says} take {between} or less on {place.where},"
                     f" of {place.milliseconds:,g} ms allowed.")  # fmt: skip
    if place.has and memory:
        share = max(memory / place.has, (stored or 0.0) / (place.stores or 1.0))
        if share > 1 or not title:
            of = "flash" if stored and place.stores and share == stored / place.stores else "memory"
            title = (
                f"The model takes {_about(share)} of the {of} of {place.where}"
                if share <= 1
                else f"The model does not fit on {place.where}"
            )
        few = precision != "fp32" and model.build is not None
        narrow = f" with {NAMES[precision]} weights" if few else ""
        there = "of RAM" if stored else "there"
        needs = _needs(memory, place.has, there)
        if stored and place.stores:
            flash = _needs(stored, place.stores, "of flash")
            needs = f"{flash} for weights and program, and {needs}"
        parts.append(f"It needs {needs}{narrow}.")
    if place.device is not None:
        parts.append(on_here(here).strip())
    if not isinstance(small, str):
        way = small.lost(8)
        cost = f"cost {way.lost:.1f} points" if way.low > 0 else "cost nothing that can be measured"
        parts.append(f"8-bit weights {cost} on a small stand-in.")
    if here is not None and here.wall_over_cpu > NOISY and not place.unknown:
        parts.append("Other work shares this machine, so only the answer's own seconds are counted.")
    return title, " ".join(part for part in parts if part)

"""What a change of a model means for those who call it: pure comparisons of two reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nst_export.saved_model.tensor_values import Shape
from nst_export.toolkit.difference import ContractChange
from nst_export.toolkit.report import Input, Output, Report, Signature
from nst_export.toolkit.words import tensor_in_words, value_in_words

# Limits of the model card, and on which side of a limit requests are refused.
SMALLEST, LARGEST = ("min_side",), ("max_pixels", "max_iterations")


def contract_changes(a: Report, b: Report) -> list[ContractChange]:
    """From A to B; what breaks for clients of A first."""
    changes = [*_signatures(a.signatures, b.signatures)]
    if a.card is not None and b.card is not None:
        changes += [*_card(a.card, b.card)]
    return sorted(changes, key=lambda one: not one.breaks)


def accepts(wide: Shape, narrow: Shape) -> bool:
    """Whether all arrays of one shape have the other, too."""
    if wide is None:
        return True
    if narrow is None or len(wide) != len(narrow):
        return False
    return all(length in (None, other) for length, other in zip(wide, narrow, strict=True))


def _signatures(a: Sequence[Signature], b: Sequence[Signature]) -> Iterator[ContractChange]:
    old, new = ({one.name: one for one in each} for each in (a, b))
    for name, signature in old.items():
        if name not in new:
            yield ContractChange(name, "", "The signature is gone.", breaks=True)
            continue
        if signature.method != new[name].method:
            words = f"Its method was {signature.method}, and is {new[name].method}."
            yield ContractChange(name, "", words, breaks=True)
        yield from _inputs(signature, new[name])
        yield from _outputs(signature, new[name])
    for name in new.keys() - old.keys():
        yield ContractChange(name, "", "The signature is new.", breaks=False)


def _inputs(a: Signature, b: Signature) -> Iterator[ContractChange]:
    old, new = ({one.name: one for one in each.inputs} for each in (a, b))
    for name, one in old.items():
        if name in new:
            for words, breaks in _input(one, new[name]):
                yield ContractChange(a.name, name, words, breaks)
        else:
            yield ContractChange(a.name, name, "The input is gone: a call that has it is refused.", breaks=True)
    had_options = any(not one.required for one in a.inputs)
    for name, one in new.items():
        if name not in old and one.required:
            yield ContractChange(a.name, name, "The input is new, and required.", breaks=True)
        elif name not in old:
            words = f"The input is new, by default {value_in_words(one.default)}; over REST it must be sent."
            yield ContractChange(a.name, name, words, breaks=not had_options)


def _input(a: Input, b: Input) -> Iterator[tuple[str, bool]]:
    if a.dtype != b.dtype or a.shape != b.shape:
        words = f"The input was {tensor_in_words(a)}, and is {tensor_in_words(b)}."
        yield words, a.dtype != b.dtype or not accepts(b.shape, a.shape)
    if b.required and not a.required:
        yield f"The input has no default any more, which was {value_in_words(a.default)}.", True
    elif a.required and not b.required:
        yield f"The input may be left out: by default it is {value_in_words(b.default)}.", False
    elif a.default != b.default:
        yield f"The default was {value_in_words(a.default)}, and is {value_in_words(b.default)}.", True


def _outputs(a: Signature, b: Signature) -> Iterator[ContractChange]:
    old, new = ({one.name: one for one in each.outputs} for each in (a, b))
    for name, one in old.items():
        if name not in new:
            yield ContractChange(a.name, name, "The output is gone.", breaks=True)
        elif (one.dtype, one.shape) != (new[name].dtype, new[name].shape):
            words = f"The output was {tensor_in_words(one)}, and is {tensor_in_words(new[name])}."
            yield ContractChange(a.name, name, words, breaks=not _is_kept(one, new[name]))
    for name in new.keys() - old.keys():
        yield ContractChange(a.name, name, "The output is new.", breaks=False)


def _is_kept(a: Output, b: Output) -> bool:
    return a.dtype == b.dtype and accepts(a.shape, b.shape)


def _card(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[ContractChange]:
    """What the graph refuses beyond types and shapes, and which recipe a request without a name means."""
    for name in (*SMALLEST, *LARGEST):
        old, new = a["limits"].get(name), b["limits"].get(name)
        if isinstance(old, int) and isinstance(new, int) and old != new:
            narrower = new > old if name in SMALLEST else new < old
            yield ContractChange("", name, f"The limit was {old:,}, and is {new:,}.", breaks=narrower)
    for name in [name for name in a["presets"] if name not in b["presets"]]:
        yield ContractChange("", "preset", f"The preset {name} is gone.", breaks=True)
    for name in [name for name in b["presets"] if name not in a["presets"]]:
        yield ContractChange("", "preset", f"The preset {name} is new.", breaks=False)
    first_a, first_b = next(iter(a["presets"]), None), next(iter(b["presets"]), None)
    if first_a != first_b:
        yield ContractChange("", "preset", f"The preset by default was {first_a}, and is {first_b}.", breaks=True)
    yield from _options(a["options"], b["options"])


def _options(a: Sequence[Mapping[str, Any]], b: Sequence[Mapping[str, Any]]) -> Iterator[ContractChange]:
    new = {row.get("name"): row for row in b}
    for old in a:
        name = old.get("name")
        if name not in new:
            continue  # its input is gone: that is said of the signatures
        lost = [word for word in old.get("choices") or () if word not in (new[name].get("choices") or ())]
        if lost and name != "preset":
            yield ContractChange("", str(name), f"It may no longer be {' or '.join(lost)}.", breaks=True)
        ends_a, ends_b = ((row.get("minimum"), row.get("maximum")) for row in (old, new[name]))
        if ends_a != ends_b:
            words = f"It went from {ends_a[0]} to {ends_a[1]}, and goes from {ends_b[0]} to {ends_b[1]}."
            yield ContractChange("", str(name), words, breaks=not _within(ends_a, ends_b))


def _within(inner: tuple[Any, Any], outer: tuple[Any, Any]) -> bool:
    numbers = [end for end in (*inner, *outer) if isinstance(end, (int, float))]
    return len(numbers) == 4 and outer[0] <= inner[0] and inner[1] <= outer[1]

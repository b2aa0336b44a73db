"""`nst run`: a signature called with what a person wrote, on a server or in this process."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from nst_export.errors import InputError
from nst_export.saved_model.messages import model_pb2, predict_pb2
from nst_export.saved_model.tensor_arrays import MOST_BYTES, TEXTS, array_of, proto_of
from nst_export.saved_model.tensor_values import dtype_name, shape_of, value_of
from nst_export.toolkit.given_values import given_value
from nst_export.toolkit.output_files import write_output
from nst_export.toolkit.report import Signature
from nst_export.toolkit.run_report import OutputValue
from nst_export.toolkit.value_files import ReadPicture
from nst_export.toolkit.words import tensor_in_words

SMALL_BYTES = 2**12  # of an output that may be shown


def signature_called(signatures: Sequence[Signature], name: str, source: str) -> Signature:
    """The signature of a name.

    Raises:
        InputError: there is none.
    """
    found = {one.name: one for one in signatures}
    if name not in found:
        if not found:
            raise InputError(f"{source} has no signatures: nothing in it can be called.", "Name another model.")
        raise InputError(f"{source} has no signature {name}: it has {', '.join(found)}.", _nearest(name, found))
    return found[name]


def request_of(
    spec: model_pb2.ModelSpec, signature: Signature, given: Mapping[str, str], read_picture: ReadPicture
) -> predict_pb2.PredictRequest:
    """The request; inputs that have a default and are not given are left to the server.

    Args:
        spec: model and version.
        signature: what is called.
        given: what was written for each input.
        read_picture: reads pictures.

    Raises:
        InputError: a name is not known, an input is missing, or a value does not fit.
    """
    inputs = {one.name: one for one in signature.inputs}
    for name in given:
        if name not in inputs:
            has = f"it has {', '.join(inputs)}" if inputs else "it takes none"
            raise InputError(f"{signature.name} has no input {name}: {has}.", _nearest(name, inputs))
    missing = [one for one in signature.inputs if one.required and one.name not in given]
    if missing:
        words = ", ".join(f"{one.name} {tensor_in_words(one)}" for one in missing)
        raise InputError(f"{signature.name} needs {words}.", f"Add {' '.join(f'{one.name}=...' for one in missing)}.")
    request = predict_pb2.PredictRequest(model_spec=spec)
    request.model_spec.signature_name = signature.name
    size = 0
    for name, text in given.items():
        array = given_value(inputs[name], text, read_picture)
        size += sum(map(len, array.flat)) if array.dtype == TEXTS else array.nbytes
        if size > MOST_BYTES:
            raise InputError(f"The inputs have {size:,} bytes, and a message at most {MOST_BYTES:,}.", "Shrink them.")
        request.inputs[name].CopyFrom(proto_of(array))
    return request


def outputs_of(
    reply: predict_pb2.PredictResponse, folder: Path | None, write: Callable[[Path, bytes], None]
) -> list[OutputValue]:
    """A row for each output, which is written into a folder where there is one.

    Args:
        reply: to the request.
        folder: it exists; None writes nothing.
        write: writes a file.

    Raises:
        SavedModelError: an output is damaged, or cannot be shown.
    """
    rows: list[OutputValue] = []
    for name, proto in sorted(reply.outputs.items()):
        array = array_of(proto)
        small = proto_of(array) if array.dtype == TEXTS or array.nbytes <= SMALL_BYTES else None
        value = None if small is None else value_of(small)
        taken = {row.file for row in rows}
        file = None if folder is None else str(write_output(folder, name, array, taken, write))
        rows.append(OutputValue(name, dtype_name(proto.dtype), shape_of(proto.tensor_shape), value, file))
    return rows


def _nearest(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]}?" if near else "Look at the signatures with `nst inspect`."

"""Questions to the model card and the signatures: are they what the contract and the card say?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from nst_export.saved_model.messages import meta_graph_pb2, node_def_pb2, tensor_pb2
from nst_export.saved_model.model_card import CARD_FILE, CONTRACT, ModelCard, json_value
from nst_export.saved_model.ops import all_nodes
from nst_export.saved_model.tensor_values import dtype_name, shape_of, value_of
from nst_export.toolkit.words import tensor_in_words, value_in_words
from nst_export.verification.finding import EXPORT_AGAIN, DoesNotApply, Finding, judged
from nst_export.verification.kinds import Kind, may_be
from nst_export.verification.subject import Subject
from nst_graph.options import Option

Kinds: TypeAlias = Mapping[str, Kind]

PICTURE, NUMBER = Kind("uint8", (None, None, 3)), Kind("float32", ())
EVALUATE: Kinds = {"style_errors": Kind("float32", (5,)), "content_error": NUMBER, "total_variation": NUMBER}
DESCRIBE: Kinds = {"model_card": Kind("string", ())}

POOLING_OPS = {"max": "MaxPool", "average": "AvgPool", "l2": "AvgPool"}
SWITCHES = {"exclusive": {"BatchFunction"}, "max_seconds": {"Timestamp"}}  # of `execution`, and what they leave behind


def card_is_the_graphs(subject: Subject) -> Finding:
    """The card beside the graph is the one in it, and what can be seen in the graph is as it says."""
    card = subject.card
    return judged(
        list(_card_faults(card, subject)), f"contract {card.contract}, {card.name}, {card.created}", EXPORT_AGAIN
    )


def _card_faults(card: ModelCard, subject: Subject) -> Iterator[str]:
    nodes = all_nodes(subject.graph.graph_def)
    ops = {node.op for node in nodes}
    if card.contract != CONTRACT:
        yield f"its contract is {card.contract}, and this nst knows {CONTRACT}"
    texts = (node.attr["value"].tensor.string_val for node in nodes if node.op == "Const")
    if not any(len(text) == 1 and _is_the_card(text[0], card) for text in texts):
        yield f"{CARD_FILE} is not the card that `describe` answers with"
    written, stated = subject.graph.meta_info_def.tensorflow_version, card.versions.get("tensorflow")
    if stated != written:
        yield f"it says TensorFlow {stated}, and the graph was written by {written}"
    precisions = {dtype_name(node.attr["T"].type) for node in nodes if node.op == "Conv2D"}
    if precisions != {card.precision}:
        yield f"it says {card.precision}, and the convolutions are {', '.join(sorted(precisions)) or 'not there'}"
    if POOLING_OPS.get(card.pooling) not in ops:
        yield f"it says {card.pooling} pooling, and the graph has none"
    for switch, traces in SWITCHES.items():
        if bool(card.execution.get(switch)) != bool(ops & traces):
            yield f"it says {switch} {json.dumps(card.execution.get(switch))}, and the graph does otherwise"
    compiled = any(name.endswith("_xla") for name in subject.signatures)
    if bool(card.execution.get("xla")) != compiled:
        yield f"it says xla {json.dumps(card.execution.get('xla'))}, and the signatures say otherwise"


def _is_the_card(text: bytes, card: ModelCard) -> bool:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and {name: document.get(name) for name in card._fields} == json_value(card)


def signatures_are_the_contracts(subject: Subject) -> Finding:
    """All are there, with the names, dtypes and shapes of their inputs and outputs."""
    faults: list[str] = []
    contract = _contract(subject.card)
    for name, (inputs, outputs) in contract.items():
        definition = subject.signatures.get(name)
        if definition is None:
            faults.append(f"{name} is missing")
            continue
        if definition.method_name != "tensorflow/serving/predict":
            faults.append(f"{name} has the method {definition.method_name!r}")
        faults += _differences(f"{name}: input", definition.inputs, inputs)
        faults += _differences(f"{name}: output", definition.outputs, outputs)
    return judged(faults, f"{len(contract)} signatures", EXPORT_AGAIN)


def _contract(card: ModelCard) -> dict[str, tuple[Kinds, Kinds]]:
    """Inputs and outputs of each signature that a model with this card has."""
    from nst_graph.signatures import signatures

    contract = {}
    for row in signatures(xla=bool(card.execution.get("xla"))):
        inputs = {name: Kind(spec.dtype.name, tuple(spec.shape)) for name, spec in row.inputs.items()}
        if row.takes_options:
            taken = (option for option in options_of(card) if option.only in ("", row.reads))
            inputs |= {option.name: Kind(option.dtype, option.shape) for option in taken}
        outputs = {name: Kind(spec.dtype.name, tuple(spec.shape)) for name, spec in row.outputs.items()}
        contract[row.served_as] = (inputs, outputs)
    pictures = dict.fromkeys(("content", "style", "image"), PICTURE)
    return contract | {"evaluate": (pictures, EVALUATE), "describe": ({}, DESCRIBE)}


def _differences(what: str, found: Mapping[str, meta_graph_pb2.TensorInfo], wanted: Kinds) -> Iterator[str]:
    for name in sorted(wanted.keys() | set(found)):
        if name not in found:
            yield f"{what} {name} is missing"
        elif name not in wanted:
            yield f"{what} {name} is in no contract"
        else:
            kind = Kind(dtype_name(found[name].dtype), shape_of(found[name].tensor_shape))
            if kind.dtype != wanted[name].dtype or not may_be(kind.shape, wanted[name].shape):
                yield f"{what} {name} is {tensor_in_words(kind)}, and must be {tensor_in_words(wanted[name])}"


def _kind_of(tensor: tensor_pb2.TensorProto) -> str:
    return tensor_in_words(Kind(dtype_name(tensor.dtype), shape_of(tensor.tensor_shape)))


def defaults_are_the_cards(subject: Subject) -> Finding:
    """What a server fills in, and what the graph itself does without an input, is the default of the card's row."""
    if not subject.is_ours and not any(one.defaults for one in subject.signatures.values()):
        raise DoesNotApply("no input has a default")
    rows = {option.name: option for option in options_of(subject.card)} if subject.is_ours else {}
    nodes = {node.name: node for node in subject.graph.graph_def.node}
    faults, count = [], 0
    for signature, definition in subject.signatures.items():
        for name, info in definition.inputs.items():
            option = rows.get(name)
            if name in definition.defaults:
                served, count = definition.defaults[name], count + 1
                wanted = option.wire_default if option else value_of(served)
                found = [value_of(default) for default in (served, *_in_the_graph(nodes, info.name))]
                wrong = [value_in_words(value) for value in found if value != wanted]
                faults += [f"{signature}: {name} is {wrong[0]}, and must be {value_in_words(wanted)}"] if wrong else []
                if (served.dtype, len(served.tensor_shape.dim)) != (info.dtype, len(info.tensor_shape.dim)):
                    faults.append(f"{signature}: the default of {name} is {_kind_of(served)}")
            elif option:
                faults.append(f"{signature}: {name} has none")
    return judged(faults, f"{count} of them", EXPORT_AGAIN)


def _in_the_graph(nodes: Mapping[str, node_def_pb2.NodeDef], tensor: str) -> Iterator[tensor_pb2.TensorProto]:
    """What the graph itself takes where nothing is fed."""
    node = nodes.get(tensor.split(":", maxsplit=1)[0])
    if node is not None and node.op == "PlaceholderWithDefault" and node.input:
        default = nodes.get(node.input[0].split(":")[0])
        if default is not None and default.op == "Const":
            yield default.attr["value"].tensor


def options_of(card: ModelCard) -> list[Option]:
    """The card's table, without what a newer nst may have added to its rows."""
    rows = [{name: value for name, value in row.items() if name in Option._fields} for row in card.options]
    return [Option(**row)._replace(shape=tuple(row.get("shape", ()))) for row in rows]

"""Boosted trees as ONNX tree ensembles. The one door to `onnx`; knows trees as arrays, and no library that grows them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper

from resay.training.tree_model import ABOUT

OPSET = 17
TREE_OPSET = 3
"""Of ONNX and of its part for trees: read by every onnxruntime since 1.13."""

IR_VERSION = 9
"""Of the file: that of opset 17's days, so that no newer reader is needed."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree as arrays over its nodes; the root is node 0."""

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    """Left where the feature is at most this."""
    missing_left: NDArray[np.bool_]
    """Whether what is not known (NaN) goes left."""
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    is_leaf: NDArray[np.bool_]
    value: NDArray[np.float64]
    """What a leaf adds to the sum."""


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Trees whose leaves are added up."""

    trees: Sequence[Tree]
    base: float
    """What the sum begins with."""
    features: int


def write_trees(ensembles: Mapping[str, Ensemble], *, about: Mapping[str, object]) -> bytes:
    """Ensembles by name in one model: an input a name, its sums as output `name_sum`, and the maker's own words."""
    nodes = [_node(name, ensemble) for name, ensemble in ensembles.items()]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, each.features]) for name, each in ensembles.items()]
    outputs = [helper.make_tensor_value_info(f"{name}_sum", TensorProto.FLOAT, [None, 1]) for name in ensembles]
    graph = helper.make_graph(nodes, "trees", inputs, outputs)
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", TREE_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="resay")
    helper.set_model_props(model, {ABOUT: json.dumps(about, sort_keys=True)})
    return bytes(model.SerializeToString())


def _node(name: str, ensemble: Ensemble) -> NodeProto:
    flat: dict[str, Any] = {
        "nodes_treeids": [],
        "nodes_nodeids": [],
        "nodes_featureids": [],
        "nodes_values": [],
        "nodes_modes": [],
        "nodes_truenodeids": [],
        "nodes_falsenodeids": [],
        "nodes_missing_value_tracks_true": [],
        "target_treeids": [],
        "target_nodeids": [],
        "target_ids": [],
        "target_weights": [],
    }
    for place, tree in enumerate(ensemble.trees):
        _add(flat, place, tree)
    return helper.make_node(
        "TreeEnsembleRegressor",
        [name],
        [f"{name}_sum"],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function="SUM",
        post_transform="NONE",
        base_values=[ensemble.base],
        **flat,
    )


def _add(flat: dict[str, Any], place: int, tree: Tree) -> None:
    size = len(tree.feature)
    leaves = np.flatnonzero(tree.is_leaf).tolist()
    flat["nodes_treeids"] += [place] * size
    flat["nodes_nodeids"] += range(size)
    flat["nodes_featureids"] += tree.feature.tolist()
    flat["nodes_values"] += _floor(tree.threshold).tolist()
    flat["nodes_modes"] += ["LEAF" if leaf else "BRANCH_LEQ" for leaf in tree.is_leaf]
    flat["nodes_truenodeids"] += tree.left.tolist()
    flat["nodes_falsenodeids"] += tree.right.tolist()
    flat["nodes_missing_value_tracks_true"] += tree.missing_left.astype(int).tolist()
    flat["target_treeids"] += [place] * len(leaves)
    flat["target_nodeids"] += leaves
    flat["target_ids"] += [0] * len(leaves)
    flat["target_weights"] += tree.value[leaves].tolist()


def _floor(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The greatest float32 that is no greater: for a float32, "at most" is then the same question as in double precision."""
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
    below = np.nextafter(near, np.float32(-np.inf))
    return np.where(near.astype(np.float64) > thresholds, below, near)

"""Small ONNX files with the inputs, outputs and anchors of face networks, which see a face wherever a cell is red."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

STEPS = (8, 16, 32)
RED = 2  # channels come in the order blue, green, red
# Of a face, in cells: from the left upper corner of its cell (YuNet) or its middle (RetinaFace, tenths of an anchor's side).
MARKS = np.array([(-0.5, -0.4), (1.5, -0.3), (0.5, 0.4), (-0.2, 1.2), (1.2, 1.3)])


class _Builder:
    """Nodes and constants of a network that is put together."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def constant(self, values: object, kind: type) -> str:
        name = f"k{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: object) -> str:
        output = output or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def cells(self, step: int) -> str:
        """Mean of every cell, (1, 3, rows, cols)."""
        return self.node("AveragePool", "input", kernel_shape=[step, step], strides=[step, step])

    def read_out(self, cells: str, red: list[float], bias: list[float], width: int) -> str:
        """Numbers of every cell, (1, n, width): `red` times its red plus `bias`."""
        weights = np.zeros((len(bias), 3, 1, 1))
        weights[:, RED, 0, 0] = red
        maps = self.node("Conv", cells, self.constant(weights, np.float32), self.constant(bias, np.float32))
        last = self.node("Transpose", maps, perm=[0, 2, 3, 1])
        return self.node("Reshape", last, self.constant([1, -1, width], np.int64))

    def output(self, kind: str, *inputs: str, name: str, shape: tuple[int, ...], **attributes: object) -> None:
        self.node(kind, *inputs, output=name, **attributes)
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def save(self, path: Path) -> Path:
        shape = (1, 3, self.side, self.side)
        taken = [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)]
        graph = helper.make_graph(self.nodes, "tiny", taken, self.outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, str(path))
        return path


def write_yunet(path: Path) -> Path:
    """Write a YuNet: cells of 32 pixels that are red are faces of 3 x 4 cells around their middle."""
    net = _Builder(640)
    parts: dict[str, list[tuple[int, str]]] = {"cls": [], "obj": [], "bbox": [], "kps": []}
    for step in STEPS:
        cells = net.cells(step)
        fires = [0.2] if step == 32 else [0.0]
        for name in ("cls", "obj"):
            parts[name].append((step, net.read_out(cells, fires, [-30.0], 1)))
        parts["bbox"].append((step, net.read_out(cells, [0.0] * 4, [0.5, 0.5, np.log(3), np.log(4)], 4)))
        parts["kps"].append((step, net.read_out(cells, [0.0] * 10, MARKS.ravel().tolist(), 10)))
    widths = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
    for name, levels in parts.items():
        for step, values in levels:
            kind = "Sigmoid" if name in ("cls", "obj") else "Identity"
            net.output(kind, values, name=f"{name}_{step}", shape=(1, (640 // step) ** 2, widths[name]))
    return net.save(path)


def write_retinaface(path: Path, side: int = 640) -> Path:
    """
    Write a RetinaFace: cells of 32 pixels that are red are faces of the larger anchor there.

    The middle is moved by (0.1, -0.1) of the anchor's 512 pixels, width and height are half of them and as they are.
    """
    net = _Builder(side)
    boxes, classes, marks = [], [], []
    for step in STEPS:
        cells = net.cells(step)
        fires = [0.0, 0.0, 0.0, 0.1 if step == 32 else 0.0]
        bias = [10.0, -10.0, 10.0, 0.0 if step == 32 else -10.0]
        classes.append(net.read_out(cells, fires, [*bias[:2], 0.0, bias[3]], 2))
        one_box = [1.0, -1.0, np.log(0.5) / 0.2, 0.0]
        boxes.append(net.read_out(cells, [0.0] * 8, [0.0] * 4 + one_box, 4))
        marks.append(net.read_out(cells, [0.0] * 20, [0.0] * 10 + MARKS.ravel().tolist(), 10))
    n_anchors = sum(2 * (side // step) ** 2 for step in STEPS)
    net.output("Concat", *boxes, name="loc", shape=(1, n_anchors, 4), axis=1)
    net.output("Softmax", net.node("Concat", *classes, axis=1), name="conf", shape=(1, n_anchors, 2), axis=2)
    net.output("Concat", *marks, name="landms", shape=(1, n_anchors, 10), axis=1)
    return net.save(path)


def black_with(patches: list[tuple[int, int, int]], size: tuple[int, int], channel: int = 0) -> np.ndarray:
    """Black picture with bright squares (left, top, side) in one channel of RGB."""
    picture = np.zeros((*size, 3), dtype=np.uint8)
    for left, top, side in patches:
        picture[top : top + side, left : left + side, channel] = 255
    return picture

//! Comparisons of a layer as declared with what its type says, while rustc runs.
//!
//! Each is a constant of emitted code with the place of an argument of the declaration, where rustc shows the message.

use cnn_net::op::{Role, Shape, UserLayer};

use super::LayerCode;
use super::message::Message;

impl LayerCode {
    /// Compares the inputs; `node` is the layer's name.
    ///
    /// # Panics
    ///
    /// If the shape of an input is not that of the type.
    #[track_caller]
    pub const fn check_inputs(&self, node: &str, layer: UserLayer, inputs: &[Shape]) {
        let mut i = 0;
        while i < inputs.len() && i < self.inputs.len() {
            if !is_same(inputs[i], self.inputs[i]) {
                let message = Message::about(node);
                let message =
                    if inputs.len() == 1 { message.text("its input") } else { message.text("input ").number(i + 1) };
                let message = message.text(" is ").shape(inputs[i]).text(", but `").text(layer.path).text("` reads ");
                message
                    .shape(self.inputs[i])
                    .text("\nhelp: a layer before it that gives this shape, or another type")
                    .panic();
            }
            i += 1;
        }
    }

    /// Compares the output.
    ///
    /// # Panics
    ///
    /// If its shape is not that of the type.
    #[track_caller]
    pub const fn check_output(&self, node: &str, layer: UserLayer) {
        if !is_same(layer.output, self.output) {
            let message = Message::about(node).text("its output is declared as ").shape(layer.output).text(", but `");
            let message = message.text(layer.path).text("` writes ").shape(self.output);
            message.text("\nhelp: write `").shape(self.output).text("`").panic();
        }
    }

    /// Compares the scratch memory.
    ///
    /// # Panics
    ///
    /// If it is not as large as the type's.
    #[track_caller]
    pub const fn check_scratch(&self, node: &str, layer: UserLayer) {
        if layer.scratch != self.scratch {
            let message = Message::about(node).text("`scratch = ").number(layer.scratch).text("` is declared, but `");
            let message = message.text(layer.path).text("` has `SCRATCH = ").number(self.scratch);
            message.text("`\nhelp: write `scratch = ").number(self.scratch).text("`").panic();
        }
    }

    /// Compares a tensor, by its position.
    ///
    /// # Panics
    ///
    /// If its name, its dimensions or its role are not those of the type's.
    #[track_caller]
    pub const fn check_tensor(&self, node: &str, layer: UserLayer, index: usize) {
        if index >= layer.tensors.len() || index >= self.tensors.len() {
            return;
        }
        let (tensor, own) = (layer.tensors[index], self.tensors[index]);
        let message = Message::about(node).text("tensor ").number(index + 1).text(" is declared as `");
        let message = declared(message, tensor.role(), tensor.dims()).text("`, but `").text(layer.path).text("` has `");
        let same_name = is_same_text(tensor.role().name(), own.role().name());
        let same_dims = is_same_list(tensor.dims(), own.dims());
        if !same_name || !same_dims || tensor.role().is_parameter() != own.role().is_parameter() {
            let message = declared(message, own.role(), own.dims()).text("`\nhelp: write `");
            declared(message, own.role(), own.dims()).text("`").panic();
        }
    }
}

/// `weight = 16x3`, `anchors = buffer(3x2)`
const fn declared(message: Message, role: Role, dims: &[usize]) -> Message {
    let message = message.text(role.name()).text(" = ");
    if role.is_parameter() { message.sizes(dims) } else { message.text("buffer(").sizes(dims).text(")") }
}

const fn is_same(a: Shape, b: Shape) -> bool {
    match (a, b) {
        (Shape::Map { channels, height, width }, Shape::Map { channels: c, height: h, width: w }) => {
            channels == c && height == h && width == w
        }
        (Shape::Vector(a), Shape::Vector(b)) => a == b,
        (Shape::Map { .. }, Shape::Vector(_)) | (Shape::Vector(_), Shape::Map { .. }) => false,
    }
}

const fn is_same_list(a: &[usize], b: &[usize]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

const fn is_same_text(a: &str, b: &str) -> bool {
    let (a, b, mut i) = (a.as_bytes(), b.as_bytes(), 0);
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

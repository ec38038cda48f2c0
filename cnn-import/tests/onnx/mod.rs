//! Small ONNX files, encoded by hand.

#![allow(dead_code, reason = "each test uses a part")]

/// A number as protocol buffers have it.
fn number(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A field with a whole number.
pub(crate) fn varint(field: u64, value: u64) -> Vec<u8> {
    [number(field << 3), number(value)].concat()
}

/// A field with text, a message or packed numbers.
pub(crate) fn field(field: u64, content: &[u8]) -> Vec<u8> {
    [number(field << 3 | 2), number(content.len() as u64), content.to_vec()].concat()
}

/// A field of each attribute's value, with its type.
pub(crate) fn ints(values: &[i64]) -> Vec<u8> {
    let packed: Vec<u8> = values.iter().flat_map(|value| number(*value as u64)).collect();
    [field(8, &packed), varint(20, 7)].concat()
}

pub(crate) fn int(value: i64) -> Vec<u8> {
    [varint(3, value as u64), varint(20, 2)].concat()
}

pub(crate) fn float(value: f32) -> Vec<u8> {
    [number(2 << 3 | 5), value.to_le_bytes().to_vec(), varint(20, 1)].concat()
}

pub(crate) fn text(value: &str) -> Vec<u8> {
    [field(4, value.as_bytes()), varint(20, 3)].concat()
}

pub(crate) fn node(op: &str, inputs: &[&str], outputs: &[&str], attributes: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut node: Vec<u8> = inputs.iter().flat_map(|name| field(1, name.as_bytes())).collect();
    node.extend(outputs.iter().flat_map(|name| field(2, name.as_bytes())));
    node.extend(field(4, op.as_bytes()));
    for (name, value) in attributes {
        node.extend(field(5, &[field(1, name.as_bytes()), value.clone()].concat()));
    }
    node
}

pub(crate) fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn dims(dims: &[u64]) -> Vec<u8> {
    dims.iter().flat_map(|dim| varint(1, *dim)).collect()
}

/// A tensor of a type, whose numbers are in a field.
pub(crate) fn tensor(name: &str, shape: &[u64], kind: u64, content: Vec<u8>) -> Vec<u8> {
    [dims(shape), varint(2, kind), field(8, name.as_bytes()), content].concat()
}

pub(crate) fn float_tensor(name: &str, shape: &[u64], numbers: &[f32]) -> Vec<u8> {
    tensor(name, shape, 1, field(9, &bytes(numbers)))
}

pub(crate) fn int_tensor(name: &str, shape: &[u64], numbers: &[i64]) -> Vec<u8> {
    let packed: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    tensor(name, shape, 7, field(9, &packed))
}

pub(crate) fn external(name: &str, shape: &[u64], location: &str, offset: &str, length: &str) -> Vec<u8> {
    let entry = |key: &str, value: &str| field(13, &[field(1, key.as_bytes()), field(2, value.as_bytes())].concat());
    let entries = [entry("location", location), entry("offset", offset), entry("length", length), varint(14, 1)];
    tensor(name, shape, 1, entries.concat())
}

/// An input of floats; a dimension of 0 is one with a name.
pub(crate) fn input(name: &str, shape: &[u64]) -> Vec<u8> {
    let dim = |size: &u64| field(1, &if *size == 0 { field(2, b"any") } else { varint(1, *size) });
    let shape: Vec<u8> = shape.iter().flat_map(dim).collect();
    let kind = field(1, &[varint(1, 1), field(2, &shape)].concat());
    [field(1, name.as_bytes()), field(2, &kind)].concat()
}

/// A model in parts.
pub(crate) struct Model {
    pub(crate) opset: u64,
    pub(crate) nodes: Vec<Vec<u8>>,
    pub(crate) initializers: Vec<Vec<u8>>,
    pub(crate) inputs: Vec<Vec<u8>>,
    pub(crate) output: &'static str,
    pub(crate) more_outputs: Vec<&'static str>,
}

impl Model {
    /// A convolution of one map, with two filters.
    pub(crate) fn conv() -> Self {
        let weight: Vec<f32> = (0..18).map(|index| index as f32).collect();
        Self {
            opset: 17,
            nodes: vec![node("Conv", &["x", "w"], &["y"], &[("pads", ints(&[1; 4]))])],
            initializers: vec![float_tensor("w", &[2, 1, 3, 3], &weight)],
            inputs: vec![input("x", &[1, 1, 5, 4])],
            output: "y",
            more_outputs: Vec::new(),
        }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let part = |number: u64, parts: &[Vec<u8>]| parts.iter().flat_map(|it| field(number, it)).collect::<Vec<u8>>();
        let outputs: Vec<Vec<u8>> =
            [self.output].iter().chain(&self.more_outputs).map(|name| field(1, name.as_bytes())).collect();
        let graph = [part(1, &self.nodes), part(5, &self.initializers), part(11, &self.inputs), part(12, &outputs)];
        [varint(1, 8), field(7, &graph.concat()), field(8, &varint(2, self.opset))].concat()
    }
}

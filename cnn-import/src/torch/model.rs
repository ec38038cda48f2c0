//! The file as it is: JSON, of which the texts are kept as long as the model.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

/// The version of the file's format, which the file states. Only this one is read.
const FORMAT: &str = "cnn_export 1";
/// No net has a longer file; it would take several times its length of memory.
const MOST_BYTES: usize = 1 << 26;

/// A model that `cnn_export` has written. Its README describes each field.
#[derive(Debug, Deserialize)]
pub(crate) struct Model {
    format: String,
    /// The class of the module.
    #[serde(default)]
    pub(super) model: String,
    /// The file of its tensors, next to this one.
    pub(super) weights: String,
    pub(super) inputs: Vec<Input>,
    pub(super) outputs: Vec<Output>,
    pub(super) nodes: Vec<Node>,
    /// Tensors that are others under another name, by theirs.
    #[serde(default)]
    pub(super) shared: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) shape: Vec<i64>,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Output {
    pub(super) name: String,
    pub(super) value: String,
}

/// A call of an operator.
#[derive(Debug, Deserialize)]
pub(super) struct Node {
    /// `aten.conv2d.default`
    pub(super) op: String,
    pub(super) name: String,
    /// By the names of the operator's schema.
    pub(super) arguments: BTreeMap<String, Json>,
    pub(super) outputs: Vec<Result>,
    /// The modules that it is in, the outermost first: path and class.
    #[serde(default)]
    pub(super) modules: Vec<(String, String)>,
    #[serde(skip)]
    pub(super) said: Said,
}

/// A value that a node computes.
#[derive(Debug, Deserialize)]
pub(super) struct Result {
    pub(super) name: String,
    pub(super) shape: Vec<i64>,
}

/// What reports and names ask of a node, in the form that files of ONNX have.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The module that it is in, or else its own name.
    pub(super) title: String,
    pub(super) scopes: String,
    pub(super) classes: String,
}

impl Model {
    /// The class of the module, in words.
    pub(crate) fn class(&self) -> String {
        let plain = |c: &char| c.is_ascii_alphanumeric() || ['.', '_'].contains(c);
        match self.model.chars().filter(plain).collect::<String>() {
            class if class.is_empty() => "a module".to_owned(),
            class => format!("`{}`", crate::report::text(&class)),
        }
    }
}

/// Whether a file is JSON: an ONNX file never begins like this.
pub(crate) fn is_json(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}

/// Reads a model, or says why it is not one.
pub(crate) fn parse(bytes: &[u8]) -> std::result::Result<Model, String> {
    if bytes.len() > MOST_BYTES {
        return Err(format!("it has {} bytes; at most {MOST_BYTES} are read", bytes.len()));
    }
    let mut model: Model = serde_json::from_slice(bytes).map_err(|why| why.to_string())?;
    if model.format != FORMAT {
        let found = crate::report::text(&model.format);
        return Err(format!("its format is `{found}`, and `{FORMAT}` is read: export it by the same version"));
    }
    for node in &mut model.nodes {
        node.said = said(node);
    }
    Ok(model)
}

fn said(node: &Node) -> Said {
    let path = node.modules.last().map_or("", |(path, _)| path);
    let title = if path.is_empty() { &*node.name } else { path };
    let quoted = |texts: &mut dyn Iterator<Item = &str>| {
        let texts: Vec<String> = texts.map(|text| format!("'{}'", text.replace('\'', "_"))).collect();
        format!("[{}]", texts.join(", "))
    };
    let mut paths = node.modules.iter().map(|(path, _)| &**path).chain([&*node.name]);
    let mut classes = node.modules.iter().map(|(_, class)| &**class).chain([""]);
    Said { title: title.to_owned(), scopes: quoted(&mut paths), classes: quoted(&mut classes) }
}

//! The imported net: its description, its declaration, its weights.

mod drafts;
mod numbers;
mod share;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::rc::Rc;

use cnn_net::graph::{Call, Graph, Input, Node, Output, Tensor, Value};
use cnn_net::language::{Unsayable, arranged, declaration};
use cnn_net::op::{Op, Role, Shape};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use self::drafts::{compacted, shared};
use self::numbers::write;
use crate::blocks;
use crate::constant::Constant;
use crate::folded;
use crate::graph;
use crate::lower::{Draft, Lowered};
use crate::names::{grouped, wishes};
use crate::report::{Error, Fault};

/// As the language has it.
const MOST_LAYERS: usize = 10_000;

/// An imported net.
pub struct Net<'a> {
    name: String,
    doc: String,
    inputs: Vec<(String, Shape)>,
    layers: Vec<Layer<'a>>,
    calls: Vec<Vec<blocks::Call>>,
    outputs: Vec<(String, Value)>,
    /// Whether batch normalisations are folded into its weights.
    is_folded: bool,
    declaration: String,
    files: Vec<PathBuf>,
}

/// A layer with its name.
#[derive(Clone)]
pub(crate) struct Layer<'a> {
    pub(crate) name: String,
    /// The name that it should have.
    wish: String,
    pub(crate) op: Op,
    pub(crate) inputs: Vec<Value>,
    pub(crate) shape: Shape,
    pub(crate) tensors: Vec<Weights<'a>>,
    /// The node that it comes from.
    pub(crate) node: usize,
    /// The earlier layer that this one repeats, with its tensors.
    pub(crate) again: Option<usize>,
}

/// A tensor in the shape that PyTorch gives it.
#[derive(Clone)]
pub(crate) struct Weights<'a> {
    name: String,
    role: Role,
    dims: Vec<usize>,
    constant: Rc<Constant<'a>>,
}

/// The net of lowered layers, with names and blocks; its text is found here too, since that is what names and blocks are for.
pub(crate) fn net<'a>(graph: &graph::Graph<'a>, lowered: Lowered<'a>, name: &str, doc: &str) -> Result<Net<'a>, Error> {
    let Lowered { drafts, inputs, outputs } = compacted(lowered);
    if drafts.len() > MOST_LAYERS {
        let why = format!("it has {} layers; a net has at most {MOST_LAYERS}", drafts.len());
        return Err(Error::Unsupported(vec![Fault::new(why).of("model", name)]));
    }
    let is_folded = folded::has_norms(graph, &drafts);
    let wishes = wishes(graph, &drafts);
    // A model from PyTorch has all names, and says which modules are there again.
    let (others, shared) = match graph.is_exact {
        true => (Vec::new(), Vec::new()),
        false => (Vec::from_iter(grouped(&drafts, &outputs, &wishes)), shared(&drafts, &inputs)),
    };
    let ways: Vec<Vec<String>> = [wishes.clone()].into_iter().chain(others).collect();
    let layers: Vec<Layer<'a>> = drafts.into_iter().map(layer).collect();
    let net = Net {
        name: name.to_owned(),
        doc: doc.to_owned(),
        inputs,
        layers,
        calls: Vec::new(),
        outputs,
        is_folded,
        declaration: String::new(),
        files: Vec::new(),
    };
    // What the language can't express about shared tensors is written twice.
    let with_shared = if shared.iter().any(Option::is_some) { net.shortest(graph, &ways, &shared) } else { None };
    match with_shared.or_else(|| net.shortest(graph, &ways, &[])) {
        Some(net) => Ok(net),
        // Without names, tensors are called by the place of their layer, which two branches may have in common.
        None => net.named(graph, nonblank(&net.layers, wishes), &[]),
    }
}

/// Wishes with a name for each layer that has tensors.
fn nonblank(layers: &[Layer<'_>], mut wishes: Vec<String>) -> Vec<String> {
    for (layer, wish) in layers.iter().zip(&mut wishes) {
        if !layer.tensors.is_empty() && (wish.is_empty() || wish.ends_with('.')) {
            *wish += layer.op.name();
        }
    }
    wishes
}

fn layer(draft: Draft<'_>) -> Layer<'_> {
    let Draft { op, inputs, shape, tensors, node, .. } = draft;
    let tensors = tensors
        .into_iter()
        .map(|weight| Weights { name: String::new(), role: weight.role, dims: Vec::new(), constant: weight.constant })
        .collect();
    Layer { name: String::new(), wish: String::new(), op, inputs, shape, tensors, node, again: None }
}

impl<'a> Net<'a> {
    /// With the names that make its text the shortest: groups that the file doesn't have are there for that.
    fn shortest(&self, graph: &graph::Graph<'a>, ways: &[Vec<String>], shared: &[Option<usize>]) -> Option<Self> {
        let length = |net: &Net<'_>| (net.declaration.lines().count(), net.declaration.len());
        let nets = ways.iter().filter_map(|wishes| self.named(graph, wishes.clone(), shared).ok());
        nets.min_by_key(length)
    }

    /// With names, and with the layers that repeat others.
    fn named(&self, graph: &graph::Graph<'a>, wishes: Vec<String>, shared: &[Option<usize>]) -> Result<Self, Error> {
        let mut net = Net {
            name: self.name.clone(),
            doc: self.doc.clone(),
            inputs: self.inputs.clone(),
            layers: self.layers.clone(),
            calls: Vec::new(),
            outputs: self.outputs.clone(),
            is_folded: self.is_folded,
            declaration: String::new(),
            files: Vec::new(),
        };
        for (layer, wish) in net.layers.iter_mut().zip(wishes) {
            layer.name = wish;
        }
        for (index, first) in shared.iter().enumerate().filter_map(|(index, first)| Some((index, (*first)?))) {
            let Layer { name, op, .. } = &mut net.layers[first];
            // It is called by its name.
            if name.is_empty() || name.ends_with('.') {
                *name += op.name();
            }
            net.layers[index].again = Some(first);
            net.layers[index].name = String::new();
        }
        net.arrange()?;
        if graph.is_exact {
            net.share()?;
        }
        // Names that groups got on the way may be in the way of a value, too.
        while let Err(why) = net.declare(graph) {
            if !net.dissolve(&why.name) && !net.flatten() {
                return Err(unsayable(&why));
            }
            net.arrange()?;
        }
        Ok(net)
    }

    /// Puts layers in the order of a declaration, and names them.
    fn arrange(&mut self) -> Result<(), Error> {
        self.shape_tensors()?;
        // Each time, a group whose values are needed elsewhere is taken apart.
        for _ in 0..self.layers.len() {
            match self.with(arranged) {
                Ok(found) => return self.rearrange(&found.order, found.names),
                Err(why) if self.dissolve(&why.name) => {}
                Err(_) => break,
            }
        }
        self.flatten();
        let found = self.with(arranged).map_err(|why| unsayable(&why))?;
        self.rearrange(&found.order, found.names)
    }

    /// The dimensions of tensors, which follow from layers and their inputs.
    fn shape_tensors(&mut self) -> Result<(), Error> {
        let shapes: Vec<Shape> = self.layers.iter().map(|layer| layer.shape).collect();
        let of = |value: &Value| match value {
            Value::Node(index) => shapes.get(*index).copied(),
            Value::Input(index) => self.inputs.get(*index).map(|(_, shape)| *shape),
        };
        for layer in &mut self.layers {
            let input = layer.inputs.first().and_then(of).unwrap_or(layer.shape);
            let expected: Vec<(Role, Vec<usize>)> =
                layer.op.tensors(input).iter().map(|(role, dims)| (role, dims.to_vec())).collect();
            let fits = expected.len() == layer.tensors.len()
                && expected.iter().zip(&layer.tensors).all(|((role, dims), tensor)| {
                    *role == tensor.role && dims.iter().product::<usize>() == tensor.constant.len()
                });
            if !fits {
                let problem =
                    Fault::new("its tensors don't have the shapes of such a layer").of(layer.op.name(), &layer.name);
                return Err(Error::Unsupported(vec![problem]));
            }
            for ((_, dims), tensor) in expected.into_iter().zip(&mut layer.tensors) {
                tensor.dims = dims;
            }
        }
        Ok(())
    }

    /// Takes the outermost group around a name apart.
    fn dissolve(&mut self, name: &str) -> bool {
        let Some((group, _)) = name.split_once('.') else { return false };
        let mut found = false;
        for layer in &mut self.layers {
            if let Some((outer, rest)) = layer.name.split_once('.')
                && outer == group
            {
                layer.name = if rest.is_empty() { String::new() } else { format!("{outer}_{rest}") };
                found = true;
            }
        }
        found
    }

    /// Takes all groups apart, if there are some.
    fn flatten(&mut self) -> bool {
        let has_groups = self.layers.iter().any(|layer| layer.name.contains('.'));
        for layer in &mut self.layers {
            let is_blank = layer.name.is_empty() || layer.name.ends_with('.');
            layer.name = if is_blank { String::new() } else { layer.name.replace('.', "_") };
        }
        has_groups
    }

    fn rearrange(&mut self, order: &[usize], names: Vec<String>) -> Result<(), Error> {
        let mut places = vec![0; order.len()];
        for (place, index) in order.iter().enumerate() {
            places[*index] = place;
        }
        let moved = |value: Value| match value {
            Value::Node(index) => Value::Node(places[index]),
            Value::Input(index) => Value::Input(index),
        };
        let mut layers: Vec<Option<Layer<'a>>> = std::mem::take(&mut self.layers).into_iter().map(Some).collect();
        for index in order {
            let Some(layer) = layers[*index].take() else { continue };
            let inputs = layer.inputs.iter().map(|input| moved(*input)).collect();
            let again = layer.again.map(|first| places[first]);
            self.layers.push(Layer { name: names[*index].clone(), wish: layer.name, inputs, again, ..layer });
        }
        self.outputs.iter_mut().for_each(|(_, value)| *value = moved(*value));
        for layer in &mut self.layers {
            for tensor in &mut layer.tensors {
                tensor.name = layer.op.tensor_name(&layer.name, tensor.role);
            }
        }
        Ok(())
    }

    /// Finds blocks, and writes the declaration; without those blocks whose calls differ in more than numbers.
    fn declare(&mut self, graph: &graph::Graph<'a>) -> Result<(), Unsayable> {
        let mut without = Vec::new();
        loop {
            self.calls = blocks::calls(graph, &self.layers, &without);
            match self.with(declaration) {
                Ok(text) => {
                    self.declaration = self.with_attribute(text);
                    return Ok(());
                }
                Err(why) => {
                    let called = |name: &str| self.calls.iter().flatten().any(|call| call.block == name);
                    let around = |name: &str| {
                        let layer = self.layers.iter().position(|layer| layer.name == name);
                        layer.and_then(|layer| self.calls[layer].first()).map(|call| call.block.clone())
                    };
                    let block = if called(&why.name) { Some(why.name.clone()) } else { around(&why.name) };
                    let any = || self.calls.iter().flatten().next().map(|call| call.block.clone());
                    match block.or_else(any) {
                        Some(block) => without.push(block),
                        None => return Err(why),
                    }
                }
            }
        }
    }

    /// States above the net what only its weights show.
    fn with_attribute(&self, text: String) -> String {
        // The net comes last, and what is in it is indented.
        let begins = |line: &str| line.starts_with(char::is_alphabetic);
        let header = text.split_inclusive('\n').rfind(|line| begins(line));
        match header.and_then(|header| text.rfind(header)) {
            Some(at) if self.is_folded => format!("{}#[algorithm(folded)]\n{}", &text[..at], &text[at..]),
            Some(_) | None => text,
        }
    }

    /// The name of the net.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The net as the content of a `network! { … }`: blocks, and the net itself. It parses to [`graph`](Self::with).
    #[must_use]
    pub fn declaration(&self) -> &str {
        &self.declaration
    }

    /// The files next to the ONNX file that its tensors are in. Their numbers were read already.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    pub(crate) fn with_files(self, files: Vec<PathBuf>) -> Self {
        Self { files, ..self }
    }

    /// The description of the net.
    pub fn with<R>(&self, read: impl FnOnce(&Graph<'_>) -> R) -> R {
        let tensors: Vec<Vec<Tensor<'_>>> = self
            .layers
            .iter()
            .map(|layer| {
                let tensors = layer.tensors.iter();
                tensors.map(|it| Tensor { name: &it.name, role: it.role, shape: &it.dims }).collect()
            })
            .collect();
        let none = Vec::new();
        let calls: Vec<Vec<Call<'_>>> = (0..self.layers.len())
            .map(|index| {
                let calls = self.calls.get(index).unwrap_or(&none).iter();
                calls.map(|call| Call { block: &call.block, name: &call.name }).collect()
            })
            .collect();
        let nodes: Vec<Node<'_>> = self
            .layers
            .iter()
            .enumerate()
            .map(|(index, layer)| {
                Node::new(&layer.name, layer.op, &layer.inputs, layer.shape)
                    .tensors(&tensors[index])
                    .calls(&calls[index])
                    .again(layer.again)
            })
            .collect();
        let inputs: Vec<Input<'_>> = self.inputs.iter().map(|(name, shape)| Input::new(name, *shape)).collect();
        let outputs: Vec<Output<'_>> = self.outputs.iter().map(|(name, value)| Output::new(name, *value)).collect();
        read(&Graph::new(&self.name, &inputs, &nodes, &outputs).doc(&self.doc))
    }

    /// Writes the weights as a safetensors file, in single precision and in PyTorch's shapes.
    ///
    /// # Errors
    ///
    /// Those of the writer; if a weight is larger than memory, or is not finite, since no net can be loaded with that.
    pub fn write_weights(&self, to: &mut impl Write) -> io::Result<()> {
        let (mut infos, mut end) = (Vec::new(), 0_usize);
        for tensor in self.tensors() {
            let begin = end;
            end += tensor.constant.len() * size_of::<f32>();
            let info = TensorInfo { dtype: Dtype::F32, shape: tensor.dims.clone(), data_offsets: (begin, end) };
            infos.push((tensor.name.clone(), info));
        }
        let metadata = Metadata::new(None, infos).map_err(io::Error::other)?;
        let mut header = serde_json::to_vec(&metadata)?;
        header.resize(header.len().next_multiple_of(size_of::<u64>()), b' ');
        to.write_all(&(header.len() as u64).to_le_bytes())?;
        to.write_all(&header)?;
        self.tensors().try_for_each(|tensor| write(tensor, to))
    }

    /// The numbers of each tensor by its name, as `cnn_runtime::reference` and `cnn_runtime::trace` read them.
    ///
    /// # Errors
    ///
    /// If the file only says that a tensor has the same number everywhere, and it is too large.
    pub fn params(&self) -> Result<BTreeMap<String, Vec<f32>>, Error> {
        let numbers = |tensor: &Weights<'a>| match tensor.constant.to_f32() {
            Ok(floats) => Ok((tensor.name.clone(), floats.into_owned())),
            Err(fault) => Err(Error::Unsupported(vec![fault.of("tensor", &tensor.name)])),
        };
        self.tensors().map(numbers).collect()
    }

    fn tensors(&self) -> impl Iterator<Item = &Weights<'a>> {
        self.layers.iter().filter(|layer| layer.again.is_none()).flat_map(|layer| &layer.tensors)
    }
}

fn unsayable(why: &Unsayable) -> Error {
    Error::Unsupported(vec![Fault::new(why.why).of("layer", &why.name)])
}

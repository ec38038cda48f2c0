//! Operators become layers.
//!
//! Nodes are visited once, in order. What a node reads is a constant, or a [`View`] of a value of the net; what it gives is too.
//! So constants are folded on the way, now that all shapes are known, and operators that only move numbers leave nothing.

mod activation;
mod affine;
mod arrange;
mod conv;
mod fields;
mod join;
mod known;
mod linear;
mod merge;
mod moves;
mod norm;
mod order;
mod output;
mod pad;
mod pool;
mod repeat;
mod resize;
mod slice;
mod window;

use std::collections::BTreeMap;
use std::rc::Rc;

use cnn_net::graph::Value;
use cnn_net::op::{Op, Role, Shape};

pub(crate) use self::arrange::{ELSEWHERE, has_channels_last};
use self::fields::fields;
use crate::constant::{Constant, MOST_COMPUTED};
use crate::external::Files;
use crate::fold;
use crate::graph::{Graph, Id, Node};
use crate::report::{Fault, Problem, Stop, fault};
use crate::view::View;

/// A layer of the net to be.
pub(crate) struct Draft<'a> {
    pub(crate) op: Op,
    pub(crate) inputs: Vec<Value>,
    pub(crate) shape: Shape,
    pub(crate) tensors: Vec<Weight<'a>>,
    /// The node that it comes from.
    pub(crate) node: usize,
    /// Whether another layer does its work.
    pub(crate) is_merged: bool,
    /// Whether it joins one value more to what is joined already.
    pub(crate) is_link: bool,
}

/// A tensor of a layer.
#[derive(Clone)]
pub(crate) struct Weight<'a> {
    pub(crate) role: Role,
    pub(crate) constant: Rc<Constant<'a>>,
    /// The initializer that it comes from, of which the name may be that of the layer.
    pub(crate) name: &'a str,
}

impl<'a> Weight<'a> {
    fn new(role: Role, constant: &Rc<Constant<'a>>) -> Self {
        Self { role, constant: Rc::clone(constant), name: constant.name }
    }

    /// Numbers that follow from an initializer.
    fn computed(role: Role, floats: Vec<f32>, name: &'a str) -> Self {
        Self { role, constant: Rc::new(Constant::floats(vec![floats.len()], floats)), name }
    }
}

/// What layers were made, and what the net reads and writes, each with its name; the only one has none.
pub(crate) struct Lowered<'a> {
    pub(crate) drafts: Vec<Draft<'a>>,
    pub(crate) inputs: Vec<(String, Shape)>,
    pub(crate) outputs: Vec<(String, Value)>,
}

/// Turns a graph into layers, or says what can't be one.
pub(crate) fn lower<'a>(graph: &Graph<'a>, files: &Files) -> Result<Lowered<'a>, Vec<Problem>> {
    // Tensors that the file does not have, such as those of a shift by one number, are as large as the input says.
    let too_large = graph.inputs.iter().filter(|input| {
        let elements = input.dims.iter().try_fold(1_usize, |all, size| all.checked_mul(*size));
        elements.is_none_or(|elements| elements > MOST_COMPUTED)
    });
    let too_large = too_large.map(|input| {
        Fault::new(format!("it has the shape {:?}, of more than 67 million numbers", input.dims))
            .of("input", input.name)
    });
    let too_large: Vec<Problem> = too_large.collect();
    if !too_large.is_empty() {
        return Err(too_large);
    }
    let inputs: Vec<Shape> = graph.inputs.iter().map(|input| arrange::input(graph, input)).collect();
    let mut lowering = Lowering {
        graph,
        files,
        uses: graph.uses(),
        terms: vec![None; graph.values],
        drafts: Vec::new(),
        joined: BTreeMap::new(),
        arranged: Vec::new(),
        problems: graph.refused.clone(),
        at: 0,
        inputs,
    };
    graph.missing.iter().for_each(|id| lowering.terms[*id] = Some(Term::Broken));
    for (index, input) in graph.inputs.iter().enumerate() {
        let view = arrange::input_view(graph, index, lowering.inputs[index]);
        lowering.terms[input.id] = Some(Term::View(view));
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        lowering.at = index;
        lowering.node(node);
    }
    let values: Vec<Option<Value>> = graph.outputs.iter().map(|output| lowering.output(output)).collect();
    let Lowering { drafts, inputs, problems, .. } = lowering;
    match values.into_iter().collect::<Option<Vec<Value>>>() {
        Some(values) if problems.is_empty() => {
            let inputs = fields(graph.inputs.iter().map(|input| input.name), "input").into_iter().zip(inputs);
            let outputs = fields(graph.outputs.iter().map(|output| output.name), "output").into_iter().zip(values);
            Ok(Lowered { drafts, inputs: inputs.collect(), outputs: outputs.collect() })
        }
        _ => Err(problems),
    }
}

/// What is known of a value.
#[derive(Clone)]
enum Term<'a> {
    View(View),
    Constant(Rc<Constant<'a>>),
    /// A view whose numbers are repeated to these sizes, which sums and products do anyway.
    Repeated(View, Vec<usize>),
    /// Something before it can't be declared.
    Broken,
}

/// A number as people write it, if it differs from that only by rounding on its way.
fn plain(number: f32) -> f32 {
    let short: f32 = format!("{number:.2e}").parse().unwrap_or(number);
    if (short - number).abs() <= 4.0 * f32::EPSILON * number.abs() { short } else { number }
}

struct Lowering<'g, 'a> {
    graph: &'g Graph<'a>,
    files: &'g Files,
    /// How often each value is read.
    uses: Vec<usize>,
    terms: Vec<Option<Term<'a>>>,
    drafts: Vec<Draft<'a>>,
    /// The concatenations that were made, by what they join.
    joined: BTreeMap<Vec<Value>, Value>,
    /// Values whose numbers were put in order, and what they became.
    arranged: Vec<(View, View)>,
    problems: Vec<Problem>,
    /// The node that is being lowered.
    at: usize,
    /// The shapes of the inputs.
    inputs: Vec<Shape>,
}

impl<'a> Lowering<'_, 'a> {
    fn node(&mut self, node: &Node<'a>) {
        let terms = match self.terms_of(node) {
            Ok(terms) => terms,
            Err(stop) => {
                if let Stop::Fault(fault) = stop {
                    self.problems.push(node.problem(fault));
                }
                vec![Term::Broken; node.outputs.len()]
            }
        };
        for (index, id) in node.outputs.iter().enumerate() {
            if let Some(id) = id {
                self.terms[*id] = Some(terms.get(index).cloned().unwrap_or(Term::Broken));
            }
        }
    }

    fn terms_of(&mut self, node: &Node<'a>) -> Result<Vec<Term<'a>>, Stop> {
        self.known(node)?;
        if let Some(results) = self.folded(node)? {
            return Ok(results.into_iter().map(|constant| Term::Constant(Rc::new(constant))).collect());
        }
        match node.op {
            "Split" => return Ok(self.split(node)?.into_iter().map(Term::View).collect()),
            "Expand" => return Ok(vec![self.expand(node)?]),
            "Tile" => return Ok(vec![self.tile(node)?]),
            _ => {}
        }
        if let Some(extra) = node.outputs.iter().skip(1).flatten().find(|id| self.uses[**id] > 0)
            && node.op != "Dropout"
        {
            let place = node.outputs.iter().position(|id| *id == Some(*extra)).map_or(0, |place| place + 1);
            return fault(format!("its result {place} is used; only the first one can be"));
        }
        Ok(vec![Term::View(self.view_of(node)?)])
    }

    /// Unknown operators are faults even where their inputs are broken.
    fn known(&self, node: &Node<'a>) -> Result<(), Stop> {
        if !node.domain.is_empty() {
            let why =
                format!("it is an operator of the domain `{}`, not one of ONNX's", crate::report::text(node.domain));
            return Err(Fault::new(why).help("export the model without optimisations for one engine").into());
        }
        if ["If", "Loop", "Scan"].contains(&node.op) {
            let why = "it chooses at run time what to compute; a declared net always computes the same";
            return Err(Fault::new(why).help("export the model with fixed shapes, or without this part").into());
        }
        // `QuantizeLinear`, `DequantizeLinear`
        if node.op.contains("uantize") || node.op.contains("Integer") || node.op.starts_with("QLinear") {
            let why = "it computes with whole numbers; nets compute in single precision";
            return Err(Fault::new(why).help("export the model before it is quantised").into());
        }
        Ok(())
    }

    /// The results of a node that depend on no number of the input.
    fn folded(&self, node: &Node<'a>) -> Result<Option<Vec<Constant<'a>>>, Stop> {
        let first = node.input(0).and_then(|id| self.terms[id].as_ref());
        match (node.op, first) {
            ("Shape", Some(Term::View(view))) => return Ok(Some(vec![fold::shape(node, &view.sizes())?])),
            ("Shape", Some(Term::Repeated(_, sizes))) => return Ok(Some(vec![fold::shape(node, sizes)?])),
            ("Size", Some(Term::View(view))) => {
                return Ok(Some(vec![Constant::ints(Vec::new(), vec![view.shape.elements() as i64])]));
            }
            _ => {}
        }
        let mut constants = Vec::with_capacity(node.inputs.len());
        for id in &node.inputs {
            constants.push(match id {
                None => None,
                Some(id) => match self.constant_of(*id) {
                    Some(constant) => Some(constant),
                    None => return Ok(None),
                },
            });
        }
        Ok(fold::evaluate(node, &constants, self.files)?)
    }

    fn constant_of(&self, id: Id) -> Option<Rc<Constant<'a>>> {
        if let Some(constant) = self.graph.constants.get(&id) {
            return Some(Rc::clone(constant));
        }
        match &self.terms[id] {
            Some(Term::Constant(constant)) => Some(Rc::clone(constant)),
            Some(Term::View(_) | Term::Repeated(..) | Term::Broken) | None => None,
        }
    }

    /// An input that is a constant, if it is given.
    fn constant(&self, node: &Node<'a>, index: usize) -> Result<Option<Rc<Constant<'a>>>, Stop> {
        let Some(id) = node.input(index) else { return Ok(None) };
        match (self.constant_of(id), &self.terms[id]) {
            (Some(constant), _) => Ok(Some(constant)),
            (None, Some(Term::Broken)) => Err(Stop::Broken),
            (None, _) => fault(format!("its input {} is not constant, but depends on the net's input", index + 1)),
        }
    }

    /// An input that must be a constant.
    fn needs(&self, node: &Node<'a>, index: usize) -> Result<Rc<Constant<'a>>, Stop> {
        match self.constant(node, index)? {
            Some(constant) => Ok(constant),
            None => fault(format!("its input {} is missing", index + 1)),
        }
    }

    /// An input that depends on the net's input.
    fn view(&mut self, node: &Node<'a>, index: usize) -> Result<View, Stop> {
        let id = node.needs(index)?;
        if let Some(Term::Repeated(view, sizes)) = &self.terms[id] {
            let (view, sizes) = (view.clone(), sizes.clone());
            let view = self.repeated(&view, &sizes)?;
            self.terms[id] = Some(Term::View(view));
        }
        match &self.terms[id] {
            Some(Term::View(view)) => Ok(View { is_only: view.is_only && self.uses[id] == 1, ..view.clone() }),
            Some(Term::Broken) => Err(Stop::Broken),
            // A shape, for example, of which a part follows from what can't be declared.
            Some(Term::Constant(_) | Term::Repeated(..)) | None if self.is_broken(node) => Err(Stop::Broken),
            Some(Term::Constant(_) | Term::Repeated(..)) | None => {
                fault(format!("its input {} is a constant, where a value of the net is expected", index + 1))
            }
        }
    }

    fn view_of(&mut self, node: &Node<'a>) -> Result<View, Stop> {
        match node.op {
            "Conv" => self.conv(node),
            "ConvTranspose" => self.conv_transpose(node),
            "Gemm" => self.gemm(node),
            "MatMul" => self.mat_mul(node),
            "MaxPool" | "AveragePool" => self.pool(node),
            "GlobalAveragePool" | "GlobalMaxPool" => self.global_pool(node),
            "AdaptiveAveragePool" | "AdaptiveMaxPool" => self.adaptive_pool(node),
            "ReduceMean" | "ReduceMax" | "ReduceMin" | "ReduceSum" => self.reduce(node),
            "BatchNormalization" => self.batch_norm(node),
            "InstanceNormalization" => self.instance_norm(node),
            "GroupNormalization" => self.group_norm(node),
            "LayerNormalization" | "RMSNormalization" => self.layer_norm(node),
            "GlobalResponseNormalization" => self.grn(node),
            "LpNormalization" => self.lp_norm(node),
            "LRN" => self.lrn(node),
            "PRelu" => self.prelu(node),
            "Add" | "Sum" | "Sub" | "Mul" | "Div" | "Max" | "Min" | "Mean" => self.arithmetic(node),
            "Neg" => {
                let view = self.view(node, 0)?;
                self.opposite(&view)
            }
            "Abs" => {
                let view = self.view(node, 0)?;
                self.magnitude(view)
            }
            "Pow" => self.power(node),
            "Concat" => self.concat(node),
            "Dropout" => self.dropout(node),
            "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" | "Transpose" | "Identity" | "Cast" | "CastLike" => {
                self.reordered(node)
            }
            "DepthToSpace" | "SpaceToDepth" => self.depth_to_space(node),
            "Slice" => self.slice(node),
            "Gather" | "GatherND" => self.gather(node),
            "Pad" => self.pad(node),
            "Resize" | "Upsample" => self.resize(node),
            "Softmax" | "LogSoftmax" => self.softmax(node),
            "Glu" => self.glu(node),
            _ => self.activation(node),
        }
    }

    /// Whether something that a node reads can't be declared.
    fn is_broken(&self, node: &Node<'a>) -> bool {
        node.inputs.iter().flatten().any(|id| matches!(self.terms[*id], Some(Term::Broken)))
    }

    /// A new layer.
    fn emit(&mut self, op: Op, inputs: Vec<Value>, shape: Shape, tensors: Vec<Weight<'a>>) -> Value {
        self.drafts.push(Draft { op, inputs, shape, tensors, node: self.at, is_merged: false, is_link: false });
        Value::Node(self.drafts.len() - 1)
    }

    /// A new layer on one value whose result lies as that does.
    fn emit_on(&mut self, view: &View, op: Op, tensors: Vec<Weight<'a>>) -> View {
        let value = self.emit(op, vec![view.value], view.shape, tensors);
        View { value, is_only: true, ..view.clone() }
    }

    /// The layer that computes a value, if nothing else reads it: it may do more work than it was made for.
    fn sole(&mut self, view: &View) -> Option<&mut Draft<'a>> {
        match view.value {
            Value::Node(index) if view.is_only => self.drafts.get_mut(index),
            Value::Node(_) | Value::Input(_) => None,
        }
    }
}

//! The expected tensors, and what a net has under their names.

use std::path::Path;

use cnn::graph::{Graph, Value};
use cnn::trace::{module, names, resolve};
use cnn::weights::Tensors;

use crate::commands::trace::LAYER;
use crate::failure::{Failure, printable, shown};
use crate::recorded;
use crate::registry::Model;
use crate::tensors::{self, dimensions, same_but_ones};

/// A tensor that can be compared.
pub(super) struct Expected {
    /// Its name in the file.
    pub(super) name: String,
    /// What the net has under this name.
    pub(super) value: Value,
    /// The numbers, input by input.
    pub(super) numbers: Vec<f32>,
    /// Whether it was compared with the outputs of the layers.
    pub(super) traced: bool,
}

/// The tensors that can be compared; the others become problems. The net runs on `count` inputs, or on one without a dimension
/// for the count.
pub(super) fn find(file: &Tensors<'_>, model: &Model, count: Option<usize>, problems: &mut Problems) -> Vec<Expected> {
    problems.all = file.names().len();
    let mut expected = Vec::new();
    for name in file.names() {
        match value(model.graph, name) {
            None => problems.push(name, || unknown(name, model)),
            Some(value) => match one(name, value, file, model, count) {
                Ok(tensor) => expected.push(tensor),
                Err(problem) => problems.push(name, || problem),
            },
        }
    }
    expected
}

/// One tensor, or what is wrong with it.
fn one(name: &str, value: Value, file: &Tensors<'_>, model: &Model, count: Option<usize>) -> Result<Expected, String> {
    let shape = model.graph.shape(value);
    let found = file.shape(name).unwrap_or_default();
    let dimensions: Vec<usize> = count.into_iter().chain(dimensions(shape)).collect();
    let flat: Vec<usize> = count.into_iter().chain([shape.elements()]).collect();
    if ![&dimensions, &flat].iter().any(|ours| same_but_ones(ours, found)) {
        return Err(format!("the file has {}, {} gives {dimensions:?}", tensors::shape(found), model.name));
    }
    let numbers = file.read(name).map_err(|problem| tensors::misread(&problem))?;
    Ok(Expected { name: name.to_owned(), value, numbers: numbers.unwrap_or_default(), traced: false })
}

/// What a name in the file means: `act.NAME` is a layer or a module, and any other name may be one, too, or that of a recorded
/// tensor.
fn value(graph: &Graph<'_>, name: &str) -> Option<Value> {
    let layer = name.strip_prefix(LAYER).and_then(|layer| module(graph, layer).or_else(|| resolve(graph, layer)));
    layer.or_else(|| resolve(graph, name)).or_else(|| recorded::value(graph, name))
}

/// The most similar names that are suggested.
const GUESSES: usize = 3;

/// Longer than the name of any layer. Comparing longer names would take long.
const LONG: usize = 200;

fn unknown(name: &str, model: &Model) -> String {
    let layer = name.strip_prefix(LAYER).unwrap_or(name);
    let distance = |known: &str| strsim::damerau_levenshtein(known, layer);
    let known = if layer.len() > LONG { Vec::new() } else { names(model.graph) };
    let mut near: Vec<_> = known.iter().map(|known| (distance(known), *known)).collect();
    near.retain(|(distance, known)| *distance <= 1 + known.len().min(layer.len()) / 3);
    near.sort_by_key(|(distance, _)| *distance);
    let near: Vec<String> = near.iter().take(GUESSES).map(|(_, known)| format!("`{known}`")).collect();
    let guess = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
    format!("{} has nothing with this name{guess}", model.name)
}

/// The most problems that are listed one by one.
const PROBLEMS: usize = 20;

/// Why tensors of the file could not be compared.
#[derive(Default)]
pub(super) struct Problems {
    /// The number of tensors in the file.
    all: usize,
    /// The number of those that could not be compared.
    count: usize,
    /// The first problems.
    first: Vec<String>,
}

impl Problems {
    fn push(&mut self, name: &str, problem: impl FnOnce() -> String) {
        self.count += 1;
        if self.count <= PROBLEMS {
            self.first.push(format!("{}: {}", printable(name), problem()));
        }
    }

    /// A tensor of an auxiliary classifier that could not be run.
    pub(super) fn without_weights(&mut self, name: &str) {
        self.push(name, || "the weights lack some tensors of this auxiliary classifier".to_owned());
    }

    /// The first problems.
    pub(super) fn texts(&self) -> &[String] {
        &self.first
    }

    /// A failure if there are any, or if there was nothing to compare.
    pub(super) fn into_result(self, path: &Path) -> Result<(), Failure> {
        let Self { all, count, first } = self;
        if all == 0 {
            return Err(Failure::of_file(path, "has no tensors"));
        }
        if first.is_empty() {
            return Ok(());
        }
        let mut message = format!("{}: {count} of {all} tensors cannot be compared", shown(path));
        for problem in &first {
            message.push_str(&format!("\n  {problem}"));
        }
        if count > first.len() {
            message.push_str(&format!("\n  and {} more", count - first.len()));
        }
        Err(Failure::Message(message))
    }
}

#[cfg(test)]
mod tests {
    use cnn::weights::Source;
    use safetensors::tensor::TensorView;
    use safetensors::{Dtype, serialize};

    use super::*;
    use crate::registry::tests::BRANCHED;

    /// What the net has under a name that a file has with this shape, or the problem.
    fn found(name: &str, count: Option<usize>, shape: &[usize]) -> Result<Value, String> {
        let bytes = vec![0; 4 * shape.iter().product::<usize>()];
        let file = serialize([(name, TensorView::new(Dtype::F32, shape.to_vec(), &bytes).unwrap())], None).unwrap();
        let mut problems = Problems::default();
        let expected = find(&Tensors::open(&Source::new(&file)).unwrap(), &BRANCHED, count, &mut problems);
        assert_eq!((expected.len() + problems.first.len(), problems.all), (1, 1));
        expected.first().map(|expected| expected.value).ok_or_else(|| problems.first.concat())
    }

    #[test]
    fn layers_have_a_prefix_and_what_leaves_the_net_has_none() {
        assert_eq!(found("act.same", None, &[2, 4, 4]), Ok(Value::Node(0)));
        assert_eq!(found("same", None, &[2, 4, 4]), Ok(Value::Node(0)));
        for name in ["sum", "act.sum", "act.1"] {
            assert_eq!(found(name, None, &[2, 4, 4]), Ok(Value::Node(2)), "{name}");
        }
        assert_eq!(found("output", None, &[3]), Ok(Value::Node(6)));
        assert_eq!(found("head", None, &[3]), Ok(Value::Node(4)));
        assert_eq!(found("input", None, &[2, 4, 4]), Ok(Value::Input(0)));
    }

    #[test]
    fn dimensions_of_one_do_not_matter_and_others_do() {
        assert_eq!(found("act.2", Some(5), &[5, 2, 1, 1]), Ok(Value::Node(5)));
        assert_eq!(found("act.2", Some(5), &[5, 2]), Ok(Value::Node(5)));
        assert_eq!(found("act.2", None, &[1, 2, 1, 1]), Ok(Value::Node(5)));
        let misshapen = "act.2: the file has [1, 2, 1, 1], branched gives [5, 2, 1, 1]";
        assert_eq!(found("act.2", Some(5), &[1, 2, 1, 1]), Err(misshapen.to_owned()));
        assert_eq!(found("output", None, &[4]), Err("output: the file has [4], branched gives [3]".to_owned()));
    }

    #[test]
    fn maps_may_be_flattened() {
        assert_eq!(found("sum", None, &[1, 32]), Ok(Value::Node(2)));
        assert_eq!(found("sum", Some(3), &[3, 32]), Ok(Value::Node(2)));
        for other in [&[96][..], &[32, 3], &[3, 8, 4]] {
            assert!(found("sum", Some(3), other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn unknown_names_are_reported_with_similar_ones() {
        let problem = |name| found(name, None, &[1]).unwrap_err();
        assert_eq!(problem("act.smae"), "act.smae: branched has nothing with this name; did you mean `same`?");
        let two = "act.head.fd: branched has nothing with this name; did you mean `head.fc` or `head.0`?";
        assert_eq!(problem("act.head.fd"), two);
        assert_eq!(problem("conv1.weight"), "conv1.weight: branched has nothing with this name");
        assert_eq!(problem("\u{1b}[31m"), "\\u{1b}[31m: branched has nothing with this name");
    }

    #[test]
    fn only_some_of_many_problems_are_listed() {
        let mut problems = Problems { all: 30, ..Problems::default() };
        (0..25).for_each(|i| problems.push(&format!("t{i}"), || "wrong".to_owned()));
        let Err(Failure::Message(message)) = problems.into_result(Path::new("e")) else { panic!("no message") };
        assert!(message.starts_with("e: 25 of 30 tensors cannot be compared\n  t0: wrong\n"), "{message}");
        assert!(message.ends_with("\n  t19: wrong\n  and 5 more"), "{message}");
    }
}

//! `cnn compare`

use std::path::PathBuf;

use cnn::reference;
use cnn::trace::resolve;
use cnn::weights::{self, Source};
use half::f16;
use models::{InceptionV1, LeNet5, seeded};
use safetensors::Dtype;

use super::support::{Folder, Named, Ran, file_of, file_of_all, input_file, run};

/// A folder with weights `w`, two inputs `x`, and the reference executor's results for them.
struct Case {
    folder: Folder,
    weights: PathBuf,
    input: PathBuf,
    expected: Vec<Named>,
}

const NAMES: [&str; 8] = ["act.conv1", "act.conv2", "act.fc1", "act.7", "act.fc2", "fc3", "logits", "output"];

impl Case {
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let file = seeded::weights(LeNet5::GRAPH, "");
        let inputs = seeded::uniform("x", 2 * 1024);
        let weights = folder.file("w", &file);
        let input = folder.file("x", input_file(&[2, 1, 32, 32], &inputs));
        let params = weights::read(LeNet5::GRAPH, &Source::new(&file)).unwrap();
        let outputs = inputs.chunks(1024).map(|input| reference::run(LeNet5::GRAPH, &params, input).unwrap());
        let outputs: Vec<_> = outputs.collect();
        let expected = NAMES.map(|name| {
            let value = resolve(LeNet5::GRAPH, name.trim_start_matches("act.")).unwrap();
            let values = outputs.iter().flat_map(|outputs| outputs.value(value).unwrap().to_f32()).collect();
            let shape = LeNet5::GRAPH.shape(value);
            let size = shape.size();
            (name.to_owned(), vec![2, shape.channels(), size.height, size.width], values)
        });
        Self { folder, weights, input, expected: expected.to_vec() }
    }

    /// The tensor of this name.
    fn expected(&mut self, name: &str) -> &mut Named {
        self.expected.iter_mut().find(|(other, ..)| other == name).unwrap()
    }

    fn run(&self, options: &[&str]) -> Ran {
        self.run_on(&file_of_all(&self.expected), options)
    }

    fn run_on(&self, file: &[u8], options: &[&str]) -> Ran {
        let expected = self.folder.file("e", file);
        let files = [("--weights", &self.weights), ("--input", &self.input), ("--expected", &expected)];
        let files = files.map(|(option, path)| format!("{option}={}", path.display()));
        run(["compare", "lenet5"].into_iter().chain(files.iter().map(String::as_str)).chain(options.iter().copied()))
    }
}

/// The first columns of the lines of the table, without its head, and whether they are marked.
fn rows(printed: &str) -> Vec<(String, String, bool)> {
    let lines = printed.lines().skip(2).take_while(|line| !line.is_empty());
    let row = |line: &str| {
        let mut cells = line.split_whitespace().map(str::to_owned);
        (cells.next().unwrap(), cells.next().unwrap(), line.ends_with("  differs"))
    };
    lines.map(row).collect()
}

#[test]
fn results_of_the_reference_agree() {
    let printed = Case::new("compare_reference").run(&["--tolerance", "1e-5"]).ok();
    let rows = rows(&printed);
    let names: Vec<_> = rows.iter().map(|(name, run, _)| format!("{name} {run}")).collect();
    let expected = [
        "act.conv1 layers",
        "act.conv2 layers",
        "act.fc1 layers",
        "act.7 layers",
        "act.fc2 layers",
        "fc3 layers",
        "fc3 forward",
        "logits layers",
        "logits forward",
        "output layers",
        "output forward",
    ];
    assert_eq!(names, expected);
    assert!(rows.iter().all(|(.., differs)| !differs), "{printed}");
    assert!(printed.ends_with("\n\nall agree: no difference exceeds 1e-5 of the tensor's largest magnitude\n"));
}

#[test]
fn one_wrong_weight_is_found_in_its_layer() {
    let mut case = Case::new("compare_one_wrong_weight");
    let right = weights::read(LeNet5::GRAPH, &Source::new(&seeded::weights(LeNet5::GRAPH, ""))).unwrap();
    let layers = LeNet5::GRAPH.nodes.iter().filter(|node| !node.tensors.is_empty());
    let agree = [None, Some("act.conv1"), Some("act.conv2"), Some("act.7"), Some("act.fc2")];
    for (layer, agrees) in layers.zip(agree) {
        for tensor in layer.tensors {
            let mut wrong = right.clone();
            wrong.get_mut(tensor.name).unwrap()[tensor.elements() / 2] += 0.5;
            let tensors = LeNet5::GRAPH.nodes.iter().flat_map(|node| node.tensors);
            let tensors =
                tensors.map(|tensor| (tensor.name.to_owned(), tensor.shape.to_vec(), wrong[tensor.name].clone()));
            case.weights = case.folder.file("wrong", file_of_all(&tensors.collect::<Vec<_>>()));
            let ran = case.run(&[]);
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""), "{}", tensor.name);
            let first = rows(&ran.stdout).into_iter().find(|(.., differs)| *differs).unwrap().0;
            assert_eq!(first.trim_start_matches("act."), layer.name, "{}\n{}", tensor.name, ran.stdout);
            assert!(ran.stdout.contains(&format!("\nthe first to differ is {first}: {}, ", layer.name)));
            match agrees {
                Some(name) => assert!(ran.stdout.ends_with(&format!("\nbefore it, {name} agrees\n")), "{}", ran.stdout),
                None => assert!(!ran.stdout.contains(" agrees"), "{}", ran.stdout),
            }
        }
    }
}

#[test]
fn the_layer_of_the_first_difference_is_reported() {
    let mut case = Case::new("compare_place");
    case.expected("act.conv2").2[1600 + 7] += 0.1;
    let ran = case.run(&[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), ""));
    let expected = "\n\n1 of 11 differ by more than 1e-4 of the tensor's largest magnitude\n\
        the first to differ is act.conv2: conv2, conv(16, 5x5), 6x14x14 -> 16x10x10\n\
        before it, act.conv1 agrees\n";
    assert!(ran.stdout.ends_with(expected), "{}", ran.stdout);
    assert!(case.run(&["--tolerance", "0.2"]).ok().contains("all agree: no difference exceeds 2e-1 of"));
}

#[test]
fn incomparable_tensors_are_reported_and_the_rest_is_compared() {
    let mut case = Case::new("compare_problems");
    case.expected("act.conv1").0 = "act.conv0".to_owned();
    case.expected("act.fc1").1 = vec![120, 2];
    let ran = case.run(&[]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(rows(&ran.stdout).len(), 9, "{}", ran.stdout);
    let expected = format!(
        "error: {}: 2 of 8 tensors cannot be compared\n  \
        act.conv0: lenet5 has nothing with this name; did you mean `conv1` or `conv2`?\n  \
        act.fc1: the file has [120, 2], lenet5 gives [2, 120]\n",
        case.folder.path("e").display()
    );
    assert_eq!(ran.stderr, expected);
}

#[test]
fn half_precision_is_compared_and_other_types_are_reported() {
    let mut case = Case::new("compare_types");
    let (_, shape, values) = case.expected("act.fc1").clone();
    let halves: Vec<u8> = values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect();
    let file = file_of("act.fc1", Dtype::F16, &shape, &halves);
    assert_eq!(case.run_on(&file, &[]).code, Some(1));
    case.run_on(&file, &["--tolerance=1e-3"]).ok();
    let doubles: Vec<u8> = values.iter().flat_map(|value| f64::from(*value).to_le_bytes()).collect();
    let error = case.run_on(&file_of("act.fc1", Dtype::F64, &shape, &doubles), &[]).errors();
    let problem = "\n  act.fc1: F64; accepted are F32, F16 and BF16 (in PyTorch, `.float()` gives F32)";
    assert!(error.ends_with(problem), "{error}");
}

#[test]
fn a_file_without_anything_to_compare_is_an_error() {
    let case = Case::new("compare_nothing");
    let path = case.folder.path("e").display().to_string();
    let empty = [&2_u64.to_le_bytes()[..], b"{}"].concat();
    assert_eq!(case.run_on(&empty, &[]).error(), format!("{path} has no tensors"));
    assert_eq!(case.run_on(b"", &[]).error(), format!("{path} cannot be read: the file is empty"));
    let zip = case.run_on(b"PK\x03\x04 and so on", &[]).errors();
    assert!(zip.ends_with(r#"`safetensors.torch.save_file({"logits": x}, path)`"#), "{zip}");
    let weights = case.run_on(&seeded::weights(LeNet5::GRAPH, ""), &[]).errors();
    assert!(weights.starts_with(&format!("{path}: 10 of 10 tensors cannot be compared\n  conv1.bias: ")), "{weights}");
}

#[test]
fn a_batch_of_none_is_an_error() {
    let mut case = Case::new("compare_no_inputs");
    case.input = case.folder.file("x", input_file(&[0, 1, 32, 32], &[]));
    assert_eq!(case.run(&[]).error(), format!("{} has no inputs: its batch size is 0", case.input.display()));
}

#[test]
fn auxiliary_classifiers_are_compared_if_the_weights_have_them() {
    let folder = Folder::new("compare_aux");
    let all = seeded::weights(InceptionV1::GRAPH, "");
    let params = weights::read(InceptionV1::GRAPH, &Source::new(&all)).unwrap();
    let tensors = InceptionV1::GRAPH.nodes.iter().flat_map(|node| node.tensors);
    let most = tensors.filter(|tensor| tensor.name != "aux2.fc1.bias");
    let most: Vec<Named> =
        most.map(|tensor| (tensor.name.to_owned(), tensor.shape.to_vec(), params[tensor.name].clone())).collect();
    let files = [folder.file("all", &all), folder.file("most", file_of_all(&most))];
    let x = folder.file("x", input_file(&[3, 224, 224], &seeded::uniform("x", 3 * 224 * 224)));
    let t = folder.path("t");
    let paths = |weights: &PathBuf| [format!("--weights={}", weights.display()), format!("--input={}", x.display())];
    let [w, i] = paths(&files[0]);
    run(["trace", "inception-v1", &w, &i, &format!("--output={}", t.display())]).ok();
    let compare = |weights| {
        let [w, i] = paths(weights);
        run(["compare", "inception-v1", &w, &i, &format!("--expected={}", t.display())])
    };
    let printed = compare(&files[0]).ok();
    let has = |printed: &str, name: &str| rows(printed).iter().any(|(other, run, _)| other == name && run == "layers");
    assert!(["aux1", "aux2", "act.aux1.conv", "act.inception3a.conv1x1"].iter().all(|name| has(&printed, name)));
    let ran = compare(&files[1]);
    assert_eq!(ran.code, Some(2));
    assert!(has(&ran.stdout, "aux1") && !has(&ran.stdout, "aux2"), "{}", ran.stdout);
    let problem = "\n  aux2: the weights lack some tensors of this auxiliary classifier\n";
    assert!(ran.stderr.contains(problem), "{}", ran.stderr);
}

//! `cnn new`: what it writes and what it refuses. `tests/new.rs` builds such a crate.

use std::fs;
use std::path::Path;

use super::support::{Folder, Named, file_of_all, json, run, tensors};

const NET: &str = "cnn::network! {
    // A comment.
    #[batch(3)] #[memory(small)]
    Net: 1x4x4 -> { sums: 2, map: 1x4x4 } {
        conv1: conv(1, 3x3, pad = 1, bias = false);
        output map;
        fc: linear(2, bias = false);
        output sums;
    }
}";

/// The repository.
fn checkout() -> String {
    format!("--path={}", Path::new(env!("CARGO_MANIFEST_DIR")).join("..").display())
}

fn arguments(folder: &Folder, more: &[&str]) -> Vec<String> {
    let net = format!("--net={}", folder.path("net.rs").display());
    let all = ["new", folder.path("made").to_str().unwrap(), &net].map(str::to_owned);
    all.into_iter().chain(more.iter().map(|it| (*it).to_owned())).collect()
}

fn with_net(test: &str) -> Folder {
    let folder = Folder::new(test);
    folder.file("net.rs", NET);
    folder
}

/// Weights with which both outputs are easy to know: the map is the input, and sums are those of the left and of all.
fn known() -> [Named; 2] {
    let conv = [0., 0., 0., 0., 1., 0., 0., 0., 0.];
    let left = (0..16).map(|index| if index % 4 < 2 { 1.0 } else { 0.0 });
    let fc = left.chain([1.0; 16]).collect();
    [("conv1.weight".to_owned(), vec![1, 1, 3, 3], conv.to_vec()), ("fc.weight".to_owned(), vec![2, 16], fc)]
}

#[test]
fn a_crate_has_the_net_its_weights_and_recorded_results() {
    let folder = with_net("new");
    let printed = run(arguments(&folder, &[])).ok();
    assert_eq!(printed, "weights.safetensors is made up, since no weights of Net are given; --weights names a file\n");
    let made = |file: &str| fs::read_to_string(folder.path("made").join(file)).unwrap();
    let manifest = made("Cargo.toml");
    for line in ["name = \"made\"\n", "\n[workspace]\n", &format!("\ncnn = \"{}\"\n", env!("CARGO_PKG_VERSION"))] {
        assert!(manifest.contains(line), "{line:?} is not in\n{manifest}");
    }
    let net = made("src/net.rs");
    for part in [
        "#[weights(\"weights.safetensors\")]",
        "#[batch(3)]",
        "#[memory(small)]",
        "pub Net: 1x4x4 -> { sums: 2, map: 1x4x4 } {",
    ] {
        assert!(net.contains(part), "{part} is not in\n{net}");
    }
    assert!(made("src/main.rs").contains("net::Net::embedded()"));
    let recorded = tensors(&folder.path("made").join("recorded.safetensors"));
    let shapes: Vec<(&str, &[usize])> =
        recorded.iter().map(|(name, (shape, _))| (name.as_str(), shape.as_slice())).collect();
    assert_eq!(shapes, [("input.input", &[2, 1, 4, 4][..]), ("output.map", &[2, 1, 4, 4]), ("output.sums", &[2, 2])]);
    // The declaration is that of the file, also for this program.
    let again = format!("{}", folder.path("made/src/net.rs").display());
    let summary = |net: &str| run(["plan", net]).ok();
    assert_eq!(summary(&again), summary(folder.path("net.rs").to_str().unwrap()));
}

#[test]
fn a_net_may_have_the_name_of_a_keyword() {
    let folder = Folder::new("new_keyword");
    folder.file("net.rs", NET.replace("Net:", "r#type:"));
    run(arguments(&folder, &[])).ok();
    let made = |file: &str| fs::read_to_string(folder.path("made").join(file)).unwrap();
    assert!(made("src/main.rs").contains("net::r#type::embedded()"));
    let net = made("src/net.rs");
    let [weights, header] = ["#[weights(\"weights.safetensors\")]", "pub r#type: "].map(|part| net.find(part));
    assert!(weights.is_some() && weights < header, "{net}");
}

#[test]
fn given_results_are_compared_before_a_crate_is_made() {
    let folder = with_net("new_recorded");
    folder.file("w", file_of_all(&known()));
    let input: Vec<f32> = (0..16).map(|index| index as f32).collect();
    let output =
        |name: &str, shape: &[usize], values: &[f32]| (format!("output.{name}"), shape.to_vec(), values.to_vec());
    let results = |sum: f32| {
        let sums = [input.iter().enumerate().filter(|(index, _)| index % 4 < 2).map(|(_, it)| it).sum(), sum];
        let input = ("input.input".to_owned(), vec![16], input.clone());
        file_of_all(&[
            input,
            output("map", &[1, 1, 4, 4], &(0..16).map(|it| it as f32).collect::<Vec<_>>()),
            output("sums", &[2], &sums),
        ])
    };
    let [weights, recorded] = ["w", "r"].map(|file| folder.path(file).display().to_string());
    let options = [format!("--weights={weights}"), format!("--recorded={recorded}"), checkout(), "--json".to_owned()];
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    folder.file("r", results(121.0));
    let differs = run(arguments(&folder, &options));
    assert_eq!(differs.code, Some(1), "{differs:?}");
    assert!(differs.stdout.contains("differ by more than"), "{differs:?}");
    assert_eq!(folder.names(), ["net.rs", "r", "w"]);
    folder.file("r", results(120.0));
    let made = json(&run(arguments(&folder, &options)));
    assert_eq!((&made["net"], &made["made_up_weights"]), (&"Net".into(), &false.into()), "{made}");
    assert_eq!(made["files"].as_array().unwrap().len(), 6);
    let written = tensors(&folder.path("made/recorded.safetensors"));
    assert_eq!(written["output.sums"], (vec![1, 2], vec![8. * 6. + 4., 120.0]));
    let manifest = fs::read_to_string(folder.path("made/Cargo.toml")).unwrap();
    assert!(manifest.contains("cnn = { path = \""), "{manifest}");
    // A part that is missing, or of another length.
    fs::remove_dir_all(folder.path("made")).unwrap();
    for (missing, words) in [("sums", "has no tensor `output.sums`"), ("map", "has no tensor `output.map`")] {
        let all = [("sums", vec![2]), ("map", vec![16])];
        let kept = all.iter().filter(|(name, _)| *name != missing);
        let mut tensors: Vec<Named> = kept.map(|(name, shape)| output(name, shape, &vec![0.0; shape[0]])).collect();
        tensors.push(("input.input".to_owned(), vec![16], input.clone()));
        folder.file("r", file_of_all(&tensors));
        let error = run(arguments(&folder, &options)).error();
        assert!(error.contains(words), "{error}");
    }
    assert_eq!(folder.names(), ["net.rs", "r", "w"]);
}

#[test]
fn nothing_is_left_of_a_crate_that_cannot_be_made() {
    let folder = with_net("new_errors");
    fs::create_dir_all(folder.path("full/src")).unwrap();
    folder.file("file", "");
    let path = |name: &str| folder.path(name).display().to_string();
    let net = format!("--net={}", path("net.rs"));
    for (arguments, words) in [
        (vec!["new".to_owned(), path("full"), net.clone()], "is not empty"),
        (vec!["new".to_owned(), path("file"), net.clone()], "is a file, not a folder"),
        (vec!["new".to_owned(), path("file/a"), net.clone()], "a"),
        (vec!["new".to_owned(), "-".to_owned(), net.clone()], "cannot go to standard output"),
        (vec!["new".to_owned(), path("a"), "--net=lenet6".to_owned()], "did you mean"),
        (vec!["new".to_owned(), path("a"), net.clone(), format!("--weights={}", path("gone"))], "cannot be read"),
        (vec!["new".to_owned(), path("a"), net.clone(), format!("--recorded={}", path("gone"))], "cannot be read"),
        (vec!["new".to_owned(), path("a"), net, format!("--path={}", path("full"))], "is no checkout"),
    ] {
        let error = run(&arguments).errors();
        assert!(error.contains(words), "{arguments:?}: {error}");
    }
    assert_eq!(folder.names(), ["file", "full", "net.rs"]);
}

//! ONNX's backend tests under their own names, written by `build/` from `cases.json`.
//!
//! To read them: `cat target/debug/build/conformance-*/out/cases.rs`.

#![expect(non_snake_case, reason = "the tests have the names that ONNX gives them")]

use conformance::{Case, Reduction, assert_pads};

include!(concat!(env!("OUT_DIR"), "/cases.rs"));

/// No case is left out.
mod listing {
    use std::collections::BTreeSet;
    use std::process::Command;
    use std::{env, fs};

    use serde_json::Value;

    use super::NOT_NETS;

    fn file(name: &str) -> String {
        let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn cases() -> Vec<Value> {
        let file: Value = serde_json::from_str(&file("cases.json")).expect("JSON");
        file["cases"].as_array().expect("a list of cases").clone()
    }

    fn names<'a>(cases: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
        cases.into_iter().map(|case| case["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// The tests as listed by the test harness.
    #[test]
    fn every_case_is_a_test() {
        let this = env::current_exe().expect("the path of the tests");
        let output = Command::new(this).arg("--list").output().expect("the tests list themselves");
        let output = String::from_utf8(output.stdout).expect("names");
        let tests = output.lines().filter_map(|line| line.strip_suffix(": test"));
        let tests: Vec<&str> = tests.filter(|name| !name.starts_with("listing::")).collect();
        assert_eq!(tests.len(), 87);
        assert_eq!(tests.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), names(&cases()));
    }

    #[test]
    fn every_case_but_those_listed_is_a_net() {
        let cases = cases();
        let is_training = |case: &&Value| {
            let op = case["op"].as_str().expect("an operator");
            case["attributes"]["training_mode"] == true || ["Adam", "Momentum", "SoftmaxCrossEntropyLoss"].contains(&op)
        };
        let training = names(cases.iter().filter(is_training));
        let listed: BTreeSet<String> = NOT_NETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, training);
        let readme = file("README.md");
        for (name, why) in NOT_NETS {
            assert!(readme.contains(&format!("| `{name}` | {why}")), "{name} is not in the README");
        }
    }

    #[test]
    fn every_file_belongs_to_a_case() {
        let files = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/cases")).expect("the folder of cases");
        let files = files.map(|file| file.expect("a file").file_name().into_string().expect("a name"));
        let expected: BTreeSet<String> = names(&cases()).iter().map(|name| format!("{name}.safetensors")).collect();
        assert_eq!(files.collect::<BTreeSet<_>>(), expected);
    }

    #[test]
    fn the_instruction_set_that_was_asked_for_is_there() {
        cnn_runtime::exec::isa::Isa::from_env().unwrap_or_else(|why| panic!("{why}"));
    }
}

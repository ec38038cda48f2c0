//! Files on a disk, shards, renaming.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use cnn_runtime::weights::{Files, Problem, Source, Unreadable, load, report};

use crate::net::{Entry, GRAPH, PACKED, RECIPE, entries, entry, file};

fn packed(source: &Source<'_>) -> Vec<f32> {
    let mut packed = vec![0.0; PACKED];
    load(&GRAPH, &RECIPE, source, &mut packed).unwrap_or_else(|error| panic!("{error}"));
    packed
}

fn problems(source: &Source<'_>) -> Vec<Problem> {
    load(&GRAPH, &RECIPE, source, &mut [0.0; PACKED]).expect_err("something is wrong").problems
}

/// A new folder with these files.
fn folder(test: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    fs::create_dir_all(&folder).unwrap();
    files.iter().for_each(|(name, bytes)| fs::write(folder.join(name), bytes).unwrap());
    folder
}

/// The tensors of the net in two files, and their index.
fn shards() -> [Vec<u8>; 3] {
    let (first, second): (Vec<Entry>, Vec<Entry>) =
        entries().into_iter().partition(|entry| entry.name < "bn1.s".into());
    let names = |entries: &[Entry], file: &str| -> Vec<String> {
        entries.iter().map(|entry| format!(r#""{}": "{file}""#, entry.name)).collect()
    };
    let map = [names(&first, "a.safetensors"), names(&second, "b.safetensors")].concat().join(", ");
    let index = format!(r#"{{"metadata": {{"total_size": 0}}, "weight_map": {{{map}}}}}"#);
    [file(&first), file(&second), index.into_bytes()]
}

#[test]
fn a_file_gives_the_same_as_its_bytes() {
    let bytes = file(&entries());
    let folder = folder("a_file", &[("w.safetensors", &bytes)]);
    let files = Files::open(folder.join("w.safetensors")).unwrap();
    assert_eq!(files.len(), bytes.len() as u64);
    assert_eq!(packed(&files.source()), packed(&Source::new(&bytes)));
}

#[test]
fn a_stream_gives_the_same_as_its_bytes() {
    let bytes = file(&entries());
    let files = Files::from_reader("a stream", &bytes[..]).unwrap();
    assert_eq!(files.len(), bytes.len() as u64);
    assert_eq!(packed(&files.source()), packed(&Source::new(&bytes)));
    let cut = Files::from_reader("a stream", &bytes[..bytes.len() - 1]).unwrap();
    assert!(matches!(problems(&cut.source())[..], [Problem::Unreadable(Unreadable::Damaged(_))]));
    let endless = Files::from_reader("a stream", std::io::repeat(0)).unwrap();
    assert!(matches!(problems(&endless.source())[..], [Problem::Unreadable(_)]));
}

#[test]
fn shards_are_one_model() {
    let [a, b, index] = shards();
    let whole = packed(&Source::new(&file(&entries())));
    assert_eq!(packed(&Source::shards([&b[..], &a[..]])), whole);
    let files = [("a.safetensors", &a[..]), ("b.safetensors", &b), ("model.safetensors.index.json", &index)];
    let folder = folder("shards", &files);
    let files = Files::open(folder.join("model.safetensors.index.json")).unwrap();
    assert_eq!(packed(&files.source()), whole);
}

#[test]
fn a_damaged_shard_is_named() {
    let [a, _, index] = shards();
    let files = [("a.safetensors", &a[..]), ("b.safetensors", b"PK\x03\x04"), ("i.json", &index)];
    let folder = folder("a_damaged_shard", &files);
    let files = Files::open(folder.join("i.json")).unwrap();
    let [Problem::Unreadable(Unreadable::File { path, error })] = &problems(&files.source())[..] else { panic!() };
    assert!(path.ends_with("b.safetensors") && error.to_string().contains("zip archive"), "{path}: {error}");
}

#[test]
fn an_index_that_is_not_one_is_reported() {
    let wrong = [
        ("not JSON", "{", "not a JSON index"),
        ("no map", r#"{"metadata": {}}"#, "it has no `weight_map`"),
        ("empty", r#"{"weight_map": {}}"#, "names no file"),
        ("elsewhere", r#"{"weight_map": {"a": "../a.safetensors"}}"#, "not a file next to it"),
        ("absolute", r#"{"weight_map": {"a": "/etc/passwd"}}"#, "not a file next to it"),
        ("a folder", r#"{"weight_map": {"a": ".."}}"#, "not a file next to it"),
        ("absent", r#"{"weight_map": {"a": "absent.safetensors"}}"#, "absent.safetensors: No such file"),
    ];
    for (case, index, expected) in wrong {
        let folder = folder("an_index_that_is_none", &[("i.json", index.as_bytes())]);
        let why = Files::open(folder.join("i.json")).unwrap_err().to_string();
        assert!(why.contains(expected), "{case}: {why}");
    }
}

#[test]
fn a_tensor_in_two_shards_is_reported() {
    let whole = file(&entries());
    let again = file(&[entry("fc.bias", &[3])]);
    let [Problem::Twice { name }] = &problems(&Source::shards([&whole[..], &again]))[..] else { panic!() };
    assert_eq!(name, "fc.bias");
}

#[test]
fn names_are_changed_by_rules() {
    let foreign = |name: &str| format!("module.{}", name.replace("bn1.weight", "bn1.gamma").replace("fc.", "head."));
    let given: Vec<Entry> = entries().into_iter().map(|entry| Entry { name: foreign(&entry.name), ..entry }).collect();
    let bytes = file(&given);
    let rules = [("module.*", "*"), ("*.gamma", "*.weight"), ("head.*", "fc.*")];
    // The values depend on the names that the entries were made with, so they are the same.
    assert_eq!(packed(&Source::new(&bytes).rename(&rules)), packed(&Source::new(&file(&entries()))));
    // Without the last rule two are missing, and two unexpected.
    assert_eq!(problems(&Source::new(&bytes).rename(&rules[..2])).len(), 4);
}

#[test]
fn mistakes_in_rules_are_reported() {
    let bytes = file(&entries());
    let [Problem::Rule { from, why, .. }] = &problems(&Source::new(&bytes).rename(&[("*.*", "*")]))[..] else {
        panic!()
    };
    assert!(from == "*.*" && why.contains("as many `*`"), "{why}");
    let [Problem::Twice { name }] = &problems(&Source::new(&bytes).rename(&[("*.bias", "b")]))[..] else { panic!() };
    assert_eq!(name, "b");
}

#[test]
fn progress_grows_to_the_end() {
    let bytes = file(&entries());
    let seen = Mutex::new(Vec::new());
    let report = |progress| seen.lock().unwrap().push(progress);
    packed(&Source::new(&bytes).on_progress(&report));
    let seen = seen.into_inner().unwrap();
    assert!(seen.is_sorted_by_key(|progress| progress.done) && seen.len() > 10);
    assert!(seen.iter().all(|progress| progress.done <= progress.total));
}

#[test]
fn a_report_lists_what_fits_too() {
    let mut given = entries();
    given[0].shape = vec![12];
    given.push(Entry { dtype: "I64", bytes: vec![0; 8], ..entry("bn1.num_batches_tracked", &[]) });
    let report = report(&GRAPH, &Source::new(&file(&given)));
    assert_eq!(report.found.len(), given.len() - 2);
    assert_eq!((report.found[0].name.as_str(), report.found[0].dtype.as_str()), ("conv1.bias", "F32"));
    assert_eq!(report.ignored, ["bn1.num_batches_tracked"]);
    assert!(matches!(&report.problems[..], [Problem::Misshapen { .. }]));
}

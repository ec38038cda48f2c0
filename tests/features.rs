//! The tables of features in the documentation of each published crate list the features of its manifest.

use std::fs;
use std::path::{Path, PathBuf};

/// A feature, and whether it is on by default.
type Feature = (String, bool);

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folders of the workspace's crates.
fn members() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = read(&root.join("Cargo.toml"));
    let (_, members) = manifest.split_once("members = [").expect("the workspace's members");
    let (members, _) = members.split_once(']').expect("the end of the members");
    members.split('"').skip(1).step_by(2).map(|member| root.join(member)).chain([root.to_owned()]).collect()
}

/// The features of a manifest. One that another includes is on with it.
fn declared(manifest: &str) -> Vec<Feature> {
    let (_, section) = manifest.split_once("\n[features]\n").unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with('#'));
    let rows = lines.filter_map(|line| line.split_once(" = ["));
    let includes: Vec<(&str, Vec<&str>)> =
        rows.map(|(name, list)| (name, list.split('"').skip(1).step_by(2).collect())).collect();
    let mut on = vec!["default"];
    let mut next = 0;
    while let Some(feature) = on.get(next) {
        let included = includes.iter().filter(|(name, _)| name == feature).flat_map(|(_, list)| list.iter().copied());
        let new: Vec<&str> = included.filter(|name| !on.contains(name)).collect();
        on.extend(new);
        next += 1;
    }
    let named = includes.iter().filter(|(name, _)| *name != "default");
    sorted(named.map(|(name, _)| ((*name).to_owned(), on.contains(name))).collect())
}

/// The features of a table in a text whose lines begin with this.
fn documented(text: &str, begin: &str) -> Vec<Feature> {
    let table = text.split_once(&format!("{begin}| feature | default | adds |\n"));
    let Some((_, table)) = table else { return Vec::new() };
    let rows = table.lines().skip(1).map_while(|line| line.strip_prefix(begin)?.strip_prefix("| `"));
    let feature = |row: &str| {
        let (name, rest) = row.split_once("` | ").expect("a name in a row of its table");
        let (default, _) = rest.split_once(" | ").expect("a default in a row of its table");
        assert!(["yes", "no"].contains(&default), "{name} is on by default: {default}");
        (name.to_owned(), default == "yes")
    };
    sorted(rows.map(feature).collect())
}

fn sorted(mut features: Vec<Feature>) -> Vec<Feature> {
    features.sort();
    features
}

#[test]
fn the_tables_of_features_are_those_of_the_manifests() {
    let mut tables = 0;
    for folder in members() {
        let manifest = read(&folder.join("Cargo.toml"));
        if manifest.contains("\npublish = false\n") || !folder.join("src/lib.rs").exists() {
            continue;
        }
        let features = declared(&manifest);
        assert_eq!(documented(&read(&folder.join("src/lib.rs")), "//! "), features, "{}/src/lib.rs", folder.display());
        // The facade's README is that of the repository, and refers to its documentation.
        if folder != Path::new(env!("CARGO_MANIFEST_DIR")) {
            assert_eq!(documented(&read(&folder.join("README.md")), ""), features, "{}/README.md", folder.display());
        }
        tables += usize::from(!features.is_empty());
    }
    assert!(tables >= 4, "{tables} crates have features");
}

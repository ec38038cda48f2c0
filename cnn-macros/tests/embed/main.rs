//! Embedded weights are those of the file, however a program is built, and nothing is left where it does not belong.
//!
//! Each test has a workspace of scratch crates; all weights of a net have one value, so its outputs say which file they
//! are of.

#![cfg(unix)]

#[path = "../../../cnn-import/tests/onnx/mod.rs"]
mod encoded;
mod onnx;
mod plain;
mod scratch;

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use scratch::{LARGE, SMALL, Scratch, succeeds};

#[test]
fn members_with_nets_of_one_name() {
    let scratch = Scratch::new("Members");
    scratch.workspace(&["a", "b", "c"]);
    let members = [("a", 1.0, "1000"), ("b", 2.0, "2000"), ("c", 3.0, "3000")];
    for (member, value, _) in members {
        scratch.program(member, value);
    }
    succeeds(&mut scratch.cargo("build -j 2"));
    for (member, _, expected) in members {
        assert_eq!(scratch.run(member), expected);
    }
    assert_eq!(scratch.packed().len(), 3);
    // Files of other members are none of this one's.
    scratch.weights("a/w/net.safetensors", LARGE, 4.0);
    succeeds(&mut scratch.cargo("build"));
    assert_eq!([scratch.run("a"), scratch.run("b")], ["4000", "2000"]);
    assert_eq!(scratch.packed().len(), 3);
}

#[test]
fn versions_of_a_crate_in_a_program() {
    let scratch = Scratch::new("Versions");
    scratch.workspace(&["program"]);
    let dependency =
        |version| format!("v{version} = {{ package = \"versions-net\", path = \"../outside/{version}/net\" }}\n");
    scratch.manifest("program", "0.1.0", &[1, 2].map(dependency).concat());
    scratch.write("program/src/main.rs", "fn main() { println!(\"{} {}\", v1::first(), v2::first()); }");
    for (folder, version, value) in [("outside/1", "1.0.0", 1.0), ("outside/2", "2.0.0", 2.0)] {
        scratch.manifest("net", version, "");
        fs::create_dir_all(scratch.path(folder)).expect("the folder can be made");
        fs::rename(scratch.path("net"), scratch.path(&format!("{folder}/net"))).expect("the folder can be moved");
        let library = format!("{}pub fn first() -> f32 {{ {} }}", scratch.net(LARGE, "w.safetensors"), scratch.first());
        scratch.write(&format!("{folder}/net/src/lib.rs"), &library);
        scratch.weights(&format!("{folder}/net/w.safetensors"), LARGE, value);
    }
    succeeds(&mut scratch.cargo("build -j 2"));
    assert_eq!(scratch.run("program"), "1000 2000");
}

/// The same weights twice, and nets of the same name with others.
#[test]
fn modules_with_nets_of_one_name() {
    let scratch = Scratch::new("Modules");
    scratch.workspace(&["a"]);
    scratch.manifest("a", "0.1.0", "");
    let modules = ["one", "one_again", "two"].map(|module| {
        let net = scratch.net(LARGE, &format!("{}.safetensors", &module[..3]));
        format!("mod {module} {{ {net} pub fn first() -> f32 {{ {} }} }}\n", scratch.first())
    });
    let main = "fn main() { println!(\"{} {} {}\", one::first(), one_again::first(), two::first()); }";
    scratch.write("a/src/main.rs", &[&modules.concat(), main].concat());
    scratch.weights("a/one.safetensors", LARGE, 1.0);
    scratch.weights("a/two.safetensors", LARGE, 2.0);
    for units in ["1", "64"] {
        succeeds(&mut scratch.cargo(&format!("build --config profile.dev.package.modules-a.codegen-units={units}")));
        assert_eq!(scratch.run("a"), "1000 1000 2000", "{units}");
    }
    let before = scratch.packed().len();
    // One that others of this name use stays.
    scratch.weights("a/two.safetensors", LARGE, 3.0);
    succeeds(&mut scratch.cargo("build --config profile.dev.package.modules-a.codegen-units=64"));
    assert_eq!(scratch.run("a"), "1000 1000 3000");
    assert_eq!(scratch.packed().len(), before);
}

/// Crates with the same weights, and one with its own, as one module of code.
#[test]
fn link_time_optimisation() {
    let scratch = Scratch::new("Optimised");
    scratch.workspace(&["a", "b", "c", "program"]);
    for (member, value) in [("a", 1.0), ("b", 1.0), ("c", 2.0)] {
        scratch.manifest(member, "0.1.0", "");
        let net = scratch.net(LARGE, "w.safetensors");
        scratch
            .write(&format!("{member}/src/lib.rs"), &format!("{net}pub fn first() -> f32 {{ {} }}", scratch.first()));
        scratch.weights(&format!("{member}/w.safetensors"), LARGE, value);
    }
    let dependencies = ["a", "b", "c"].map(|member| format!("optimised-{member} = {{ path = \"../{member}\" }}\n"));
    scratch.manifest("program", "0.1.0", &dependencies.concat());
    let main =
        "fn main() { println!(\"{} {} {}\", optimised_a::first(), optimised_b::first(), optimised_c::first()); }";
    scratch.write("program/src/main.rs", main);
    for (lto, units) in [("thin", 16), ("fat", 1)] {
        // Of ours alone, so that the runtime is built once.
        let units = ["a", "b", "c", "program"]
            .map(|member| format!("--config profile.dev.package.optimised-{member}.codegen-units={units}"));
        let mut cargo = scratch.cargo(&format!("build {}", units.join(" ")));
        succeeds(cargo.env("CARGO_PROFILE_DEV_LTO", lto));
        assert_eq!(scratch.run("program"), "1000 1000 2000", "{lto}");
    }
}

#[test]
fn weights_that_are_saved_anew() {
    let scratch = Scratch::new("Anew");
    scratch.workspace(&["a"]);
    scratch.program("a", 1.0);
    let test = format!(
        "#[test] fn given() {{ assert_eq!({}.to_string(), std::env::var(\"GIVEN\").unwrap()); }}",
        scratch.first()
    );
    scratch.write("a/src/main.rs", &[scratch.main(), test].concat());
    let (weights, main) = (scratch.path("a/w/net.safetensors"), scratch.path("a/src/main.rs"));
    let modified = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).expect("the file has a time");
    let old = modified(&weights);
    for (value, keeps_time) in [(1.0_f32, false), (2.0, false), (3.0, true), (1.0, true)] {
        scratch.weights("a/w/net.safetensors", LARGE, value);
        if keeps_time {
            // As `cp -p` and `rsync -t` do. Cargo does not see that, but looks at a changed source.
            File::open(&weights).and_then(|file| file.set_modified(old)).expect("the time can be set");
            scratch.write("a/src/main.rs", &fs::read_to_string(&main).expect("the source can be read"));
        }
        let expected = (value * 1000.0).to_string();
        assert_eq!(succeeds(&mut scratch.cargo("run -q")), expected);
        succeeds(scratch.cargo("test -q").env("GIVEN", &expected));
        // The program has one, and the tests.
        assert_eq!(scratch.packed().len(), 2);
    }
}

/// Other ways to say what the weights are.
#[test]
fn shards_names_links_and_small_nets() {
    let scratch = Scratch::new("Other");
    scratch.workspace(&["a"]);
    scratch.manifest("a", "0.1.0", "");
    let run = |net: &str| {
        scratch.write("a/src/main.rs", &format!("{net}fn main() {{ println!(\"{{}}\", {}); }}", scratch.first()));
        succeeds(&mut scratch.cargo("run -q"))
    };
    // Shards of which one changes, on a folder that is read only.
    let index = r#"{"weight_map": {"fc.weight": "1.safetensors", "fc.bias": "2.safetensors"}}"#;
    scratch.write("a/shards/index.json", index);
    scratch.tensors("a/shards/1.safetensors", &[("fc.weight", &[300, 1000], 1.0)]);
    for (bias, expected) in [(0.0, "1000"), (5.0, "1005")] {
        scratch.tensors("a/shards/2.safetensors", &[("fc.bias", &[300], bias)]);
        let set = |mode| fs::set_permissions(scratch.path("a/shards"), fs::Permissions::from_mode(mode));
        set(0o555).expect("the folder can be closed");
        assert_eq!(run(&scratch.net(LARGE, "shards/index.json")), expected);
        set(0o755).expect("the folder can be opened");
    }
    // A link to other weights.
    for (value, expected) in [(1.0, "1000"), (2.0, "2000")] {
        scratch.weights(&format!("a/{expected}.safetensors"), LARGE, value);
        let link = scratch.path("a/link.safetensors");
        let _ = fs::remove_file(&link);
        symlink(format!("{expected}.safetensors"), link).expect("the link can be made");
        assert_eq!(run(&scratch.net(LARGE, "link.safetensors")), expected);
    }
    // Tensors of other names.
    let renamed = scratch.net(LARGE, "x.safetensors").replace("\")]", "\", rename(\"x.*\" => \"fc.*\"))]");
    for (value, expected) in [(1.0, "1000"), (2.0, "2000")] {
        scratch.tensors("a/x.safetensors", &[("x.weight", &[300, 1000], value), ("x.bias", &[300], 0.0)]);
        assert_eq!(run(&renamed), expected);
    }
    assert_eq!(scratch.packed().len(), 1);
    // No file is kept for few weights.
    for (value, expected) in [(1.0, "1000"), (2.0, "2000")] {
        scratch.weights("a/small.safetensors", SMALL, value);
        assert_eq!(run(&scratch.net(SMALL, "small.safetensors")), expected);
        assert!(scratch.packed().is_empty());
    }
}

//! Nets of ONNX files, whose weights are in the binary like those of `#[weights]`.

use std::fs::{self, File};

use super::encoded::{Model, external, float_tensor, input, int, node};
use super::scratch::{LARGE, SMALL, Scratch, fails, succeeds};

/// A fully connected layer, all weights of which are `value`; in another file if that has a name.
fn model((inputs, outputs): (usize, usize), value: f32, location: Option<&str>) -> Vec<u8> {
    let shape = [outputs as u64, inputs as u64];
    let weight = match location {
        None => float_tensor("fc.weight", &shape, &vec![value; inputs * outputs]),
        Some(location) => external("fc.weight", &shape, location, "0", &(4 * inputs * outputs).to_string()),
    };
    Model {
        opset: 17,
        nodes: vec![node("Gemm", &["x", "fc.weight"], &["y"], &[("transB", int(1))])],
        initializers: vec![weight],
        inputs: vec![input("x", &[1, inputs as u64])],
        output: "y",
        more_outputs: Vec::new(),
    }
    .encode()
}

fn save(scratch: &Scratch, path: &str, bytes: &[u8]) {
    let path = scratch.path(path);
    fs::create_dir_all(path.parent().expect("a file in a folder")).expect("the folder can be made");
    fs::write(path, bytes).expect("the file can be written");
}

/// A crate that may use ONNX files, and prints what its net gives for ones.
fn program(scratch: &Scratch, folder: &str) {
    scratch.manifest(folder, "0.1.0", "");
    let manifest = fs::read_to_string(scratch.path(&format!("{folder}/Cargo.toml"))).expect("the manifest can be read");
    let features = "default-features = false, features = [\"onnx\"]";
    scratch.write(&format!("{folder}/Cargo.toml"), &manifest.replacen("default-features = false", features, 1));
    scratch.write(&format!("{folder}/src/main.rs"), &main(scratch));
}

fn main(scratch: &Scratch) -> String {
    let net = format!("cnn::network! {{ pub {} = onnx(\"m/net.onnx\"); }}\n", scratch.name);
    format!("{net}fn main() {{ println!(\"{{}}\", {}); }}\n", scratch.first())
}

#[test]
fn members_with_models_of_one_name() {
    let scratch = Scratch::new("Models");
    scratch.workspace(&["a", "b", "c"]);
    let members = [("a", 1.0, "1000"), ("b", 2.0, "2000"), ("c", 3.0, "3000")];
    for (member, value, _) in members {
        program(&scratch, member);
        save(&scratch, &format!("{member}/m/net.onnx"), &model(LARGE, value, None));
    }
    succeeds(&mut scratch.cargo("build -j 2"));
    for (member, _, expected) in members {
        assert_eq!(scratch.run(member), expected);
    }
    assert_eq!(scratch.packed().len(), 3);
}

/// A model that is exported anew, also with the time stamp of the old one, and with its numbers in another file.
#[test]
fn models_that_are_saved_anew() {
    let scratch = Scratch::new("Exported");
    scratch.workspace(&["a"]);
    program(&scratch, "a");
    let (path, main_rs) = (scratch.path("a/m/net.onnx"), scratch.path("a/src/main.rs"));
    save(&scratch, "a/m/net.onnx", &model(LARGE, 1.0, None));
    let old = fs::metadata(&path).and_then(|found| found.modified()).expect("the file has a time");
    for (size, value, keeps_time) in
        [(LARGE, 1.0_f32, false), (LARGE, 2.0, false), (LARGE, 3.0, true), (SMALL, 4.0, false), (SMALL, 5.0, true)]
    {
        save(&scratch, "a/m/net.onnx", &model(size, value, None));
        if keeps_time {
            // Cargo does not see that, but looks at a changed source.
            File::open(&path).and_then(|file| file.set_modified(old)).expect("the time can be set");
            scratch.write("a/src/main.rs", &fs::read_to_string(&main_rs).expect("the source can be read"));
        }
        assert_eq!(succeeds(&mut scratch.cargo("run -q")), (value * 1000.0).to_string());
        assert_eq!(scratch.packed().len(), usize::from(size == LARGE));
    }
    // Only the other file changes.
    save(&scratch, "a/m/net.onnx", &model(LARGE, 0.0, Some("net.data")));
    for value in [6.0_f32, 7.0] {
        save(&scratch, "a/m/net.data", &value.to_le_bytes().repeat(LARGE.0 * LARGE.1));
        assert_eq!(succeeds(&mut scratch.cargo("run -q")), (value * 1000.0).to_string());
    }
    // Only the layers change, and nothing is embedded.
    let loads = main(&scratch).replace("net.onnx\")", "net.onnx\", weights = load)");
    let lengths = format!("{}::OUTPUT_LEN", scratch.name);
    scratch.write("a/src/main.rs", &loads.replace(&scratch.first(), &lengths));
    for size in [LARGE, SMALL] {
        save(&scratch, "a/m/net.onnx", &model(size, 1.0, None));
        assert_eq!(succeeds(&mut scratch.cargo("run -q")), size.1.to_string());
    }
}

#[test]
fn without_the_feature() {
    let scratch = Scratch::new("Featureless");
    scratch.workspace(&["a"]);
    program(&scratch, "a");
    scratch.manifest("a", "0.1.0", "");
    save(&scratch, "a/m/net.onnx", &model(SMALL, 1.0, None));
    let error = fails(&mut scratch.cargo("check"));
    assert!(error.contains("`onnx(…)` needs the feature `onnx` of the crate `cnn`, which is off"), "{error}");
    assert!(error.contains("cargo add cnn --features onnx") && error.contains("src/main.rs:1:"), "{error}");
    // The net's uses add none.
    assert_eq!(error.matches("\nerror").count() + usize::from(error.starts_with("error")), 2, "{error}");
}

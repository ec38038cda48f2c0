//! Weight files: `cnn check-weights`, shards, other names.

use std::collections::BTreeMap;

use models::{LeNet5, seeded};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};

use super::support::{Folder, input_file, run, tensors};

/// Tensors of LeNet-5: shape and values, by name.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<u8>)>;

fn lenet5() -> Tensors {
    let file = seeded::weights(LeNet5::GRAPH, "");
    let tensors = SafeTensors::deserialize(&file).unwrap();
    tensors.iter().map(|(name, view)| (name.to_owned(), (view.shape().to_vec(), view.data().to_vec()))).collect()
}

fn file(tensors: &Tensors) -> Vec<u8> {
    let views =
        tensors.iter().map(|(name, (shape, bytes))| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    serialize(views, None).unwrap()
}

#[test]
fn a_file_that_fits_is_listed() {
    let folder = Folder::new("a_file_that_fits");
    let path = folder.file("w.safetensors", file(&lenet5()));
    let printed = run(["check-weights".as_ref(), "lenet5".as_ref(), path.as_os_str()]).ok();
    assert!(printed.starts_with("found  conv1.weight  [6, 1, 5, 5]   F32\n"), "{printed}");
    assert!(printed.ends_with("\nthe file fits LeNet5: all 10 tensors are there\n"), "{printed}");
}

#[test]
fn a_misnamed_a_transposed_and_a_missing_tensor_are_one_error() {
    let folder = Folder::new("a_misnamed_a_transposed");
    let mut tensors = lenet5();
    let misnamed = tensors.remove("conv1.weight").unwrap();
    tensors.insert("conv_1.weight".to_owned(), misnamed);
    tensors.get_mut("fc1.weight").unwrap().0 = vec![400, 120];
    tensors.remove("fc3.bias");
    let path = folder.file("w.safetensors", file(&tensors));
    let ran = run(["check-weights".as_ref(), "lenet5".as_ref(), path.as_os_str()]);
    let expected = "
conv1.weight: missing, [6, 1, 5, 5]; the file has `conv_1.weight` of this shape: did you mean that?
fc1.weight: expected [120, 400], found [400, 120]; transposed: `.t()`
fc3.bias: missing, [10]
";
    assert!(ran.stdout.ends_with(expected), "{}", ran.stdout);
    let summary = "error: weights do not fit LeNet5: 1 missing, 1 under another name, 1 with the wrong shape\n";
    assert_eq!((ran.stderr.as_str(), ran.code), (summary, Some(2)));
}

#[test]
fn shards_and_rules_are_for_all_commands() {
    let folder = Folder::new("shards_and_rules");
    let prefixed: Tensors = lenet5().into_iter().map(|(name, tensor)| (format!("module.{name}"), tensor)).collect();
    let (first, second): (Tensors, Tensors) = prefixed.clone().into_iter().partition(|(name, _)| name.contains("conv"));
    folder.file("a.safetensors", file(&first));
    folder.file("b.safetensors", file(&second));
    let map: Vec<String> = [("a", &first), ("b", &second)]
        .into_iter()
        .flat_map(|(shard, tensors)| tensors.keys().map(move |name| format!(r#""{name}": "{shard}.safetensors""#)))
        .collect();
    let index = folder.file("model.safetensors.index.json", format!(r#"{{"weight_map": {{{}}}}}"#, map.join(", ")));
    let whole = folder.file("whole.safetensors", file(&lenet5()));
    let x = folder.file("x.safetensors", input_file(&[1, 32, 32], &seeded::uniform("x", 1024)));
    let (y, z) = (folder.path("y.safetensors"), folder.path("z.safetensors"));
    let files = |weights, output| {
        let options = [("--weights", weights), ("--input", &x), ("--output", output)];
        options
            .into_iter()
            .flat_map(|(option, path)| [option.into(), path.clone().into_os_string()])
            .collect::<Vec<_>>()
    };
    let begin = ["run".into(), "lenet5".into()];
    run(begin.iter().cloned().chain(files(&whole, &y))).ok();
    run(begin.iter().cloned().chain(files(&index, &z)).chain(["--rename=module.*=*".into()])).ok();
    assert_eq!(tensors(&y), tensors(&z));
    let said = run(begin.iter().cloned().chain(files(&index, &z))).errors();
    assert!(said.contains(r#"rename with the rule "module.*" => "*""#), "{said}");
    assert!(said.ends_with("\n  as an option: --rename 'module.*=*'"), "{said}");
    let said = run(begin.iter().cloned().chain(files(&index, &z)).chain(["--rename=module".into()])).errors();
    assert!(said.contains("expected FROM=TO"), "{said}");
}

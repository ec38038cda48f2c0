//! `cnn bench`: what is reported, not how fast it is.

use models::{LeNet5, Mlp, seeded};
use serde_json::Value;

use super::support::{Folder, run};

/// The JSON report for a measuring time of zero, in which a few passes are still measured.
fn json(arguments: &[&str]) -> Value {
    let printed = run([&["bench", "--json", "--seconds", "0"], arguments].concat()).ok();
    serde_json::from_str(&printed).expect("JSON and nothing else")
}

fn layer<'a>(report: &'a Value, name: &str) -> &'a Value {
    let layers = report["layers"].as_array().expect("layers were asked for");
    layers.iter().find(|layer| layer["name"] == name).expect("the net has the layer")
}

#[test]
fn a_net_is_reported_as_an_object() {
    let report = json(&["lenet5"]);
    assert_eq!((&report["net"], &report["threads"], &report["batch"]), (&"lenet5".into(), &1.into(), &1.into()));
    let [min, median] = ["min_ms", "median_ms"].map(|key| report[key].as_f64().expect("a number"));
    assert!(0.0 < min && min <= median, "{min} {median}");
    assert!(report["passes"].as_u64() >= Some(11));
    for key in ["isa", "peak_gflops", "layers"] {
        assert_eq!(report.get(key), Some(&Value::Null), "{key}");
    }
}

#[test]
fn layers_have_a_time_a_share_of_the_peak_and_an_algorithm() {
    let report = json(&["lenet5", "--layers"]);
    let keys = ["name", "kernel", "algorithm", "does", "macs", "min_ms", "median_ms", "gflops", "share_of_peak"];
    for layer in report["layers"].as_array().expect("layers were asked for") {
        let found: Vec<&String> = layer.as_object().expect("an object").keys().collect();
        assert!(found.len() == keys.len() && keys.iter().all(|key| layer.get(key).is_some()), "{found:?}");
    }
    let algorithms = ["conv1", "conv2", "fc1", "11"].map(|name| layer(&report, name)["algorithm"].clone());
    assert_eq!(algorithms, ["F(4x1, 5x5)".into(), "F(5x1, 5x5)".into(), "gemm".into(), Value::Null]);
    assert_eq!(layer(&report, "conv2")["does"], "6x14x14 -> 16x5x5: conv 5x5 by F(5x1, 5x5), tanh, avg_pool 2x2");
    let conv1 = layer(&report, "conv1");
    let number = |value: &Value| value.as_f64().expect("a number");
    // 25 weights for each of 6x28x28 results, two operations each.
    let gflops = 2.0 * (25 * 6 * 28 * 28) as f64 / number(&conv1["min_ms"]) * 1e-6;
    assert!((number(&conv1["gflops"]) / gflops - 1.0).abs() < 1e-9);
    let share = gflops / number(&report["peak_gflops"]);
    assert!((number(&conv1["share_of_peak"]) / share - 1.0).abs() < 1e-9);
    assert_eq!(layer(&report, "11")["gflops"], Value::Null);
}

#[test]
fn a_batch_counts_the_work_of_all_its_images() {
    let report = json(&["lenet5", "--batch", "8", "--layers"]);
    assert_eq!(report["batch"], 8);
    let conv1 = layer(&report, "conv1");
    let gflops = 8.0 * 2.0 * (25 * 6 * 28 * 28) as f64 / conv1["min_ms"].as_f64().expect("a number") * 1e-6;
    assert!((conv1["gflops"].as_f64().expect("a number") / gflops - 1.0).abs() < 1e-9);
    assert_eq!(conv1["macs"], 25 * 6 * 28 * 28);
}

#[test]
fn people_read_a_table_and_the_time_of_an_image() {
    let printed = run(["bench", "lenet5", "--seconds=0", "--batch=8", "--threads=2", "--layers"]).ok();
    let lines: Vec<&str> = printed.lines().collect();
    let columns: Vec<&str> = lines[0].split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
    assert_eq!(columns, ["layer", "µs", "GFLOP/s", "of peak", "algorithm", "kernel"]);
    let [.., summary, pass, image] = lines[..] else { panic!("{printed}") };
    assert!(summary.starts_with("lenet5, 8 images per pass, 2 threads, "), "{printed}");
    assert!(pass.starts_with("min ") && pass.ends_with(" GFLOP/s"), "{printed}");
    assert!(image.starts_with("per image: min "), "{printed}");

    let printed = run(["bench", "mlp", "--seconds=0"]).ok();
    assert!(printed.starts_with("mlp, 1 thread, ") && !printed.contains("image"), "{printed}");
    assert_eq!(printed.lines().count(), 2);
}

#[test]
fn threads_are_reported() {
    assert_eq!(json(&["mlp", "--threads", "2"])["threads"], 2);
}

#[test]
fn weights_are_those_of_a_file_or_an_error() {
    let folder = Folder::new("bench_weights");
    let fits = folder.file("fits.safetensors", seeded::weights(LeNet5::GRAPH, ""));
    let other = folder.file("other.safetensors", seeded::weights(Mlp::GRAPH, ""));
    let bench = |file: &std::path::Path, batch: &str| {
        let file = file.to_str().expect("the path is UTF-8");
        run(["bench", "lenet5", "--json", "--seconds=0", "--batch", batch, "--weights", file])
    };
    for batch in ["1", "8"] {
        assert!(bench(&fits, batch).ok().starts_with('{'));
        let errors = bench(&other, batch).errors();
        assert!(errors.contains("other.safetensors: ") && errors.contains("conv1.weight: missing"), "{errors}");
    }
}

#[test]
fn an_unavailable_batch_is_reported_with_the_available_ones() {
    let error = run(["bench", "resnet50", "--batch", "4"]).error();
    let advice = "`#[batch(4)] pub ResNet50Batch4 = ResNet50;` in `network!` compiles another";
    assert_eq!(error, format!("resnet50 is compiled for batches of 1 and 8 here, not of 4; {advice}"));
    let error = run(["bench", "vgg16", "--batch", "8"]).error();
    assert!(error.starts_with("vgg16 is compiled for a batch of 1 here, not of 8; "), "{error}");
    for wrong in ["--batch=0", "--threads=0", "--seconds=-1", "--seconds=soon"] {
        assert!(run(["bench", "lenet5", wrong]).errors().contains("invalid value"));
    }
}

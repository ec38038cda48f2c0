//! `cnn summary`

use serde_json::{Value, json};

use super::support::run;

const TEXT: &str = "\
LeNet5: 1x32x32 -> 10

layer  kind            output  parameters     MACs
--------------------------------------------------
conv1  conv 6, 5x5    6x28x28         156  117,600
1      tanh           6x28x28           0        0
2      avg_pool 2x2   6x14x14           0        0
conv2  conv 16, 5x5  16x10x10       2,416  240,000
4      tanh          16x10x10           0        0
5      avg_pool 2x2    16x5x5           0        0
fc1    linear 120         120      48,120   48,000
7      tanh               120           0        0
fc2    linear 84           84      10,164   10,080
9      tanh                84           0        0
fc3    linear 10           10         850      840
11     softmax             10           0        0
--------------------------------------------------
total                              61,706  416,520

depth      5 layers: 2 convolutions, 3 fully connected
weights    246,824 bytes as F32
workspace  N bytes
tap        logits, 10 after fc3
";

#[test]
fn text_has_aligned_columns_and_totals() {
    let printed = run(["summary", "lenet5"]).ok();
    let bytes = printed.lines().find_map(|line| line.strip_prefix("workspace  ")?.strip_suffix(" bytes")).unwrap();
    // The size of the workspace is up to the compiler.
    assert!(bytes.replace(',', "").parse::<usize>().is_ok_and(|bytes| bytes > 4 * 6 * 28 * 28), "{bytes}");
    assert_eq!(printed.replace(bytes, "N"), TEXT);
    assert_eq!(run(["summary", "lenet5", "--format", "text"]).ok(), printed);
}

#[test]
fn markdown_is_a_table() {
    let printed = run(["summary", "lenet5", "--format", "markdown"]).ok();
    let table: Vec<&str> = printed.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(
        table[..3],
        [
            "| layer | kind | output | parameters | MACs |",
            "| --- | --- | ---: | ---: | ---: |",
            "| `conv1` | `conv 6, 5x5` | 6x28x28 | 156 | 117,600 |",
        ]
    );
    assert_eq!(table.last(), Some(&"| **total** |  |  | **61,706** | **416,520** |"));
    assert!(table.iter().all(|row| row.matches('|').count() == 6 && row.ends_with('|')), "{printed}");
}

#[test]
fn json_has_the_documented_keys() {
    let summary: Value = serde_json::from_str(&run(["summary", "lenet5", "--format", "json"]).ok()).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let all = [
        "aux",
        "depth",
        "input",
        "layers",
        "macs",
        "net",
        "output",
        "parameters",
        "taps",
        "weights_bytes",
        "workspace_bytes",
    ];
    assert_eq!(keys(&summary), all);
    assert_eq!(summary["net"], "lenet5");
    assert_eq!([&summary["input"], &summary["output"]], [&json!([1, 32, 32]), &json!([10])]);
    assert_eq!([&summary["parameters"], &summary["macs"], &summary["weights_bytes"]], [61_706, 416_520, 246_824]);
    assert_eq!(summary["depth"], json!({ "convolutions": 2, "fully_connected": 3 }));
    assert!(summary["workspace_bytes"].as_u64().unwrap() > 0);
    assert_eq!(summary["taps"], json!([{ "name": "logits", "layer": "fc3", "output": [10] }]));
    assert_eq!(
        summary["layers"][0],
        json!({
            "name": "conv1", "kind": "conv", "arguments": "6, 5x5", "inputs": ["input"], "output": [6, 28, 28],
            "parameters": 156, "macs": 117_600, "aux": null,
        })
    );
    assert_eq!(summary["layers"][1]["inputs"], json!(["conv1"]));
}

#[test]
fn weights_are_as_large_as_they_are_stored() {
    let text = run(["summary", "alexnet-f16"]).ok();
    assert!(text.contains("\nweights    126,616,992 bytes as F32 and F16\n"), "{text}");
}

#[test]
fn the_layers_add_up() {
    let summary: Value = serde_json::from_str(&run(["summary", "lenet5", "--format", "json"]).ok()).unwrap();
    let sum =
        |key: &str| summary["layers"].as_array().unwrap().iter().map(|layer| layer[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(Some(sum("parameters")), summary["parameters"].as_u64());
    assert_eq!(Some(sum("macs")), summary["macs"].as_u64());
}

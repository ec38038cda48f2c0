//! `cnn summary`

use serde_json::{Value, json};

use super::support::{json as parsed, keys, run};

const TEXT: &str = "\
LeNet5: 1x32x32 -> 10

layer               output  parameters    MACs    share   memory  field
-----------------------------------------------------------------------
input              1x32x32
conv1 conv 5x5     6x28x28         156   118 k   28.2 %  18.8 kB      5
1 tanh             6x28x28           0       0           18.8 kB      5
2 avg_pool 2x2/2   6x14x14           0       0           4.70 kB      6
conv2 conv 5x5    16x10x10       2,416   240 k   57.6 %  6.40 kB     14
4 tanh            16x10x10           0       0           6.40 kB     14
5 avg_pool 2x2/2    16x5x5           0       0           1.60 kB     16
fc1 linear             120      48,120  48.0 k   11.5 %    480 B    all
7 tanh                 120           0       0             480 B    all
fc2 linear              84      10,164  10.1 k    2.4 %    336 B    all
9 tanh                  84           0       0             336 B    all
fc3 linear              10         850     840    0.2 %     40 B    all
11 softmax              10           0       0              40 B    all
-----------------------------------------------------------------------
total                           61,706   417 k  100.0 %  58.4 kB

depth      5 layers: 2 convolutions, 3 fully connected
MACs       416,520 multiplications with a weight
weights    246,824 bytes as F32
workspace  N bytes, since layers share memory
tap        logits, 10 after fc3
";

#[test]
fn text_has_aligned_columns_and_totals() {
    let printed = run(["summary", "lenet5"]).ok();
    let workspace = printed.lines().find_map(|line| line.strip_prefix("workspace  ")).unwrap();
    let bytes = workspace.strip_suffix(" bytes, since layers share memory").unwrap();
    // The size of the workspace is up to the compiler.
    assert!(bytes.replace(',', "").parse::<usize>().is_ok_and(|bytes| bytes > 4 * 6 * 28 * 28), "{bytes}");
    assert_eq!(printed.replace(bytes, "N"), TEXT);
    assert_eq!(run(["summary", "lenet5", "--format", "text"]).ok(), printed);
}

#[test]
fn every_summary_fits_80_columns_and_names_every_layer() {
    let nets = parsed(&run(["list", "--json"]));
    for net in nets["nets"].as_array().unwrap() {
        let net = net["net"].as_str().unwrap();
        for arguments in [&["summary", net][..], &["summary", net, "--depth=1"], &["summary", net, "--depth", "2"]] {
            let printed = run(arguments).ok();
            for line in printed.lines() {
                assert!(line.chars().count() <= 80, "{net}: {line}");
            }
        }
    }
    let printed = run(["summary", "torchvision-densenet121"]).ok();
    // The part of a name that tells it from others stays.
    assert!((1..=24).all(|layer| printed.contains(&format!("\n    denselayer{layer} dense_layer\n"))), "{printed}");
    let printed = run(["summary", "resnet152"]).ok();
    assert!((0..36).all(|block| printed.contains(&format!("\n  {block} "))), "{printed}");
}

#[test]
fn deeper_layers_are_added_up_in_one_row() {
    let row = |net: &str, depth: &str, name: &str| {
        let printed = run(["summary", net, "--depth", depth]).ok();
        let line = printed.lines().find(|line| line.trim_start().starts_with(name)).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{printed}")).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("resnet152", "1", "layer4 "), "layer4 2048x7x7 14,964,736 732 M 6.5 % 7.43 MB 1507");
    assert_eq!(
        row("inception-v1", "1", "inception5b "),
        "inception5b inception 1024x7x7 1,444,080 70.7 M 4.5 % 859 kB 715"
    );
    let layers = |depth: &str| run(["summary", "resnet50", "--depth", depth]).ok().lines().count();
    assert!(layers("1") < layers("2") && layers("2") < layers("3"));
    assert_eq!(run(["summary", "resnet50", "--depth=4"]).ok(), run(["summary", "resnet50"]).ok());
    assert_eq!(run(["summary", "lenet5", "--depth=1"]).ok(), run(["summary", "lenet5"]).ok());
    for wrong in ["0", "-1", "all"] {
        let error = run(["summary", "lenet5", &format!("--depth={wrong}")]).errors();
        assert!(error.contains("expected a whole number, at least 1"), "{error}");
    }
}

#[test]
fn markdown_is_a_table() {
    let printed = run(["summary", "lenet5", "--format", "markdown"]).ok();
    let table: Vec<&str> = printed.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(
        table[..3],
        [
            "| layer | kind | output | parameters | MACs | share | activation bytes | receptive field |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
            "| `conv1` | `conv 6, 5x5` | 6x28x28 | 156 | 117,600 | 28.2 % | 18,816 | 5 |",
        ]
    );
    let total = "| **total** |  |  | **61,706** | **416,520** | **100.0 %** | **58,448** |  |";
    assert_eq!(table.last(), Some(&total));
    assert!(table.iter().all(|row| row.matches('|').count() == 9 && row.ends_with('|')), "{printed}");
}

#[test]
fn json_has_the_documented_keys() {
    let summary = parsed(&run(["summary", "lenet5", "--json"]));
    let all = [
        "activation_bytes",
        "aux",
        "blocks",
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
    assert_eq!([&summary["blocks"], &summary["aux"]], [&json!([]), &json!([])]);
    assert_eq!(
        summary["layers"][0],
        json!({
            "name": "conv1", "kind": "conv", "arguments": "6, 5x5", "inputs": ["input"], "output": [6, 28, 28],
            "parameters": 156, "parameters_share": 156.0 / 61_706.0, "macs": 117_600,
            "macs_share": 117_600.0 / 416_520.0, "activation_bytes": 18_816, "receptive_field": [5, 5],
            "receptive_jump": [1, 1], "level": 1, "aux": null,
        })
    );
    assert_eq!(summary["layers"][1]["inputs"], json!(["conv1"]));
    assert_eq!(summary["layers"][11]["receptive_field"], Value::Null);
}

#[test]
fn json_has_every_block() {
    let summary = parsed(&run(["summary", "resnet50", "--json"]));
    let blocks = summary["blocks"].as_array().unwrap();
    let block = |name: &str| blocks.iter().find(|block| block["name"] == name).unwrap_or_else(|| panic!("{blocks:?}"));
    let all = [
        "activation_bytes",
        "aux",
        "block",
        "layers",
        "level",
        "macs",
        "macs_share",
        "name",
        "output",
        "parameters",
        "parameters_share",
        "receptive_field",
        "receptive_jump",
    ];
    assert_eq!(keys(block("layer1.0")), all);
    assert_eq!([&block("layer1.0")["block"], &block("layer1")["block"]], [&json!("conv_block"), &Value::Null]);
    assert_eq!([&block("layer1.0")["level"], &block("layer1.0.downsample")["level"]], [2, 3]);
    assert_eq!(
        [&block("layer4")["receptive_field"], &block("layer4")["receptive_jump"]],
        [&json!([483, 483]), &json!([32, 32])]
    );
    let within = |name: &str, key: &str| {
        let layers = summary["layers"].as_array().unwrap().iter();
        let layers = layers.filter(|layer| layer["name"].as_str().unwrap().starts_with(name));
        layers.map(|layer| layer[key].as_u64().unwrap()).sum::<u64>()
    };
    let top = parsed(&run(["summary", "resnet50", "--json", "--depth", "1"]));
    let names = |key: &str| {
        let all = top[key].as_array().unwrap().iter();
        all.map(|layer| layer["name"].as_str().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(names("blocks"), ["layer1", "layer2", "layer3", "layer4"]);
    assert_eq!(names("layers"), ["conv1", "bn1", "relu", "maxpool", "avgpool", "fc", "10"]);
    assert_eq!([&top["parameters"], &top["blocks"][3]], [&summary["parameters"], block("layer4")]);
    for key in ["parameters", "macs", "activation_bytes"] {
        assert_eq!(block("layer3.5")[key], within("layer3.5.", key), "{key}");
    }
}

#[test]
fn weights_are_as_large_as_they_are_stored() {
    let text = run(["summary", "alexnet-f16"]).ok();
    assert!(text.contains("\nweights    126,616,992 bytes as F32 and F16\n"), "{text}");
}

#[test]
fn the_layers_add_up() {
    let summary = parsed(&run(["summary", "lenet5", "--json"]));
    let sum =
        |key: &str| summary["layers"].as_array().unwrap().iter().map(|layer| layer[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(Some(sum("parameters")), summary["parameters"].as_u64());
    assert_eq!(Some(sum("macs")), summary["macs"].as_u64());
    assert_eq!(Some(sum("activation_bytes")), summary["activation_bytes"].as_u64());
}

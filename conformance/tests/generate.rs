//! What `build/` writes for a case, and that a case with unknown parts is an error.

#[path = "../build/cases.rs"]
mod cases;
#[path = "../build/nets.rs"]
mod nets;
#[path = "../build/tests.rs"]
mod tests;

const CONV: &str = r#"{
    "name": "test_conv", "op": "Conv", "source": "node", "opset": 22,
    "attributes": {
        "kernel_shape": [3, 2], "strides": [2, 1], "pads": [0, 1, 2, 3], "dilations": [1, 1], "auto_pad": "NOTSET",
        "group": 2
    },
    "shapes": {"input": [5, 4, 8, 9], "weight": [6, 2, 3, 2], "output": [5, 6, 4, 12]},
    "rtol": 0.001, "atol": 1e-07, "note": "made up"
}"#;

fn write(case: &str) -> Result<String, String> {
    cases::parse(&format!(r#"{{ "source": "", "cases": [{case}] }}"#)).and_then(|cases| tests::write(&cases))
}

#[test]
fn a_case_becomes_a_net_and_a_comparison() {
    let expected = r#"/// ONNX's Conv of operator set 22, from `node`.
///
/// Note: made up.
#[test]
fn test_conv() {
    cnn::network! {
        Net: 4x8x9 -> 6x4x12 { layer: conv(6, 3x2, stride = 2x1, pad = (0, 1, 2, 3), groups = 2, bias = false); }
    }
    Case::read("test_conv", 0.001, 1e-7).check::<Net<'static>>();
}
"#;
    let written = write(CONV).expect("a case");
    assert!(written.ends_with(expected), "{written}");
}

#[test]
fn what_is_not_known_is_an_error() {
    for (known, other, error) in [
        ("\"op\": \"Conv\"", "\"op\": \"ConvTranspose\"", "test_conv: unknown variant `ConvTranspose`"),
        ("\"group\": 2", "\"group\": 2, \"output_padding\": [0, 0]", "test_conv: unknown field `output_padding`"),
        ("\"group\": 2", "\"group\": 2, \"ceil_mode\": true", "test_conv: a convolution has `group`, and neither"),
        ("\"NOTSET\"", "\"SAME\"", "test_conv: unknown variant `SAME`"),
        ("\"NOTSET\"", "\"VALID\"", "test_conv: VALID, but `pads` are not zero"),
        ("\"weight\": ", "\"indices\": [1], \"weight\": ", "test_conv: the tensor `indices` is not known"),
        ("\"weight\": ", "\"input2\": [1], \"weight\": ", "test_conv: expected one input"),
        ("\"weight\": ", "\"weights\": ", "test_conv: the tensor `weights` is not known"),
        ("\"input\": [5, ", "\"input\": [5, 5, ", "test_conv: expected up to four dimensions"),
        ("\"note\"", "\"comment\"", "cases.json: unknown field `comment`"),
    ] {
        let found = write(&CONV.replace(known, other)).expect_err(other);
        assert!(found.starts_with(error), "{other}: {found}");
    }
    let elsewhere = |op: &str, attributes: &str| {
        let window =
            &CONV[CONV.find("{\n        \"kernel_shape").expect("attributes")..=CONV.find('}').expect("their end")];
        write(&CONV.replace("\"Conv\"", &format!("\"{op}\"")).replace(window, attributes)).expect_err(op)
    };
    assert!(elsewhere("Relu", r#"{"alpha": 1}"#).starts_with("test_conv: unknown field `alpha`"));
    assert!(elsewhere("Elu", r#"{"alpha": 1, "beta": 1}"#).starts_with("test_conv: unknown field `beta`"));
    assert!(elsewhere("Elu", "{}").starts_with("test_conv: missing field `alpha`"));
    assert!(elsewhere("Softmax", r#"{"axis": 1}"#).starts_with("test_conv: the tensor `weight` is not known"));
}

//! Tensors in every encoding that ONNX has for their numbers, and what of these is refused.

mod onnx;

use cnn_import::{File, Options, Recorded};
use onnx::{Model, bytes, external, field, float_tensor, int_tensor, node, tensor, varint};

/// Numbers that half precision holds, too.
const NUMBERS: [f32; 18] =
    [0.5, -1.0, 2.0, 0.25, 3.0, -4.5, 1.0, 0.0, -0.125, 8.0, 1.5, -2.5, 0.75, 6.0, -7.0, 0.375, 5.0, -0.5];
const SHAPE: [u64; 4] = [2, 1, 3, 3];

fn packed(numbers: impl Iterator<Item = u64>) -> Vec<u8> {
    // A varint without its field.
    numbers.flat_map(|number| varint(0, number)[1..].to_vec()).collect()
}

fn imported(weight: Vec<u8>) -> Result<Vec<f32>, String> {
    let mut model = Model::conv();
    model.initializers[0] = weight;
    let file = File::new(model.encode());
    let net = file.import(&Options::default()).map_err(|why| why.to_string())?;
    let mut params = net.params().map_err(|why| why.to_string())?;
    params.remove("w.weight").ok_or_else(|| "no weight".to_owned())
}

#[test]
fn numbers_are_read_in_all_encodings() {
    let floats = bytes(&NUMBERS);
    let doubles: Vec<u8> = NUMBERS.iter().flat_map(|number| f64::from(*number).to_le_bytes()).collect();
    let halves: Vec<u8> = NUMBERS.iter().flat_map(|number| half::f16::from_f32(*number).to_le_bytes()).collect();
    let brains: Vec<u8> = NUMBERS.iter().flat_map(|number| half::bf16::from_f32(*number).to_le_bytes()).collect();
    let half_bits = packed(NUMBERS.iter().map(|number| half::f16::from_f32(*number).to_bits().into()));
    let brain_bits = packed(NUMBERS.iter().map(|number| half::bf16::from_f32(*number).to_bits().into()));
    let one_by_one: Vec<u8> =
        NUMBERS.iter().flat_map(|number| [vec![4 << 3 | 5], bytes(&[*number])].concat()).collect();
    for (name, kind, content) in [
        ("raw floats", 1, field(9, &floats)),
        ("floats", 1, field(4, &floats)),
        ("floats in two fields", 1, [field(4, &floats[..8]), field(4, &floats[8..])].concat()),
        ("floats one by one", 1, one_by_one),
        ("raw doubles", 11, field(9, &doubles)),
        ("doubles", 11, field(10, &doubles)),
        ("raw halves", 10, field(9, &halves)),
        ("halves by their bits", 10, field(5, &half_bits)),
        ("raw bfloat16", 16, field(9, &brains)),
        ("bfloat16 by their bits", 16, field(5, &brain_bits)),
    ] {
        assert_eq!(imported(tensor("w", &SHAPE, kind, content)).as_deref(), Ok(&NUMBERS[..]), "{name}");
    }
}

#[test]
fn whole_numbers_are_read_in_all_encodings() {
    let raw = |width: usize| {
        field(9, &[1_i64, 20].iter().flat_map(|it| it.to_le_bytes()[..width].to_vec()).collect::<Vec<u8>>())
    };
    let packed = packed([1, 20].into_iter());
    for (kind, content) in [
        (2, raw(1)),
        (3, raw(1)),
        (4, raw(2)),
        (5, raw(2)),
        (6, raw(4)),
        (7, raw(8)),
        (12, raw(4)),
        (13, raw(8)),
        (6, field(5, &packed)),
        (7, field(7, &packed)),
        (7, [varint(7, 1), varint(7, 20)].concat()),
        (13, field(11, &packed)),
    ] {
        let mut model = Model::conv();
        model.initializers.push(tensor("to", &[2], kind, content));
        model.nodes.push(node("Reshape", &["y", "to"], &["z"], &[]));
        model.output = "z";
        model.initializers[0] = onnx::float_tensor("w", &[1, 1, 3, 3], &NUMBERS[..9]);
        let file = File::new(model.encode());
        let net = file.import(&Options::default()).unwrap_or_else(|why| panic!("{kind}: {why}"));
        assert!(net.declaration().contains("-> 20 {"), "{kind}: {}", net.declaration());
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let floats = bytes(&NUMBERS);
    for (kind, content, words) in [
        (1, field(9, &floats[..68]), "18 numbers, and the file has 17"),
        (1, field(9, &floats[..70]), "18 numbers, and the file has 17"),
        (1, Vec::new(), "the file has 0"),
        (8, field(6, b"text"), "texts in the place of numbers"),
        (14, field(9, &floats), "of the type complex"),
        (17, field(9, &floats[..18]), "of the type float8"),
        (99, field(9, &floats), "unknown number"),
    ] {
        let error = imported(tensor("w", &SHAPE, kind, content)).expect_err("an error");
        assert!(error.contains(words), "{words:?} is not in: {error}");
    }
}

#[test]
fn open_shapes_are_fixed_by_the_caller() {
    use cnn_net::op::Shape;
    let mut model = Model::conv();
    model.inputs[0] = onnx::input("x", &[0, 1, 0, 0]);
    let file = File::new(model.encode());
    let error = file.import(&Options::default()).err().expect("an error").to_string();
    assert!(
        error.contains("input `x`") && error.contains("[any, 1, any, any]") && error.contains("--input"),
        "{error}"
    );
    let shaped = |shape| file.import(&Options { input: Some(shape), ..Options::default() });
    let net = shaped(Shape::map(1, 8, 6)).expect("a net");
    assert!(net.declaration().contains("1x8x6 -> 2x8x6"), "{}", net.declaration());
    let error = shaped(Shape::map(3, 8, 6)).err().expect("an error").to_string();
    assert!(error.contains("fixed in the file"), "{error}");
    assert!(shaped(Shape::Vector(6)).is_err());
}

#[test]
fn tensors_in_files_of_their_own_are_read() {
    let read = |bytes: &[u8]| Recorded::read(bytes).map_err(|error| error.to_string());
    let expected = Recorded { name: "x".to_owned(), dims: vec![1, 3], numbers: vec![0.5, -2.0, 3.0] };
    assert_eq!(read(&float_tensor("x", &[1, 3], &[0.5, -2.0, 3.0])), Ok(expected.clone()));
    let raw = tensor("x", &[1, 3], 1, field(9, &bytes(&[0.5, -2.0, 3.0])));
    assert_eq!(read(&raw), Ok(expected));
    let ints = read(&int_tensor("", &[2], &[7, -1])).map(|it| it.numbers);
    assert_eq!(ints, Ok(vec![7.0, -1.0]));
    let model = Model::conv().encode();
    for wrong in [&[][..], &raw[..raw.len() - 3], b"no tensor", &model, &external("x", &[3], "gone", "0", "12")] {
        let error = read(wrong).expect_err("it is no tensor");
        assert!(error.starts_with("it is no tensor of ONNX: "), "{error}");
    }
    let error = read(&tensor("x", &[4], 1, field(9, &bytes(&[0.5])))).expect_err("it is too short");
    assert!(error.contains("4 numbers"), "{error}");
}
